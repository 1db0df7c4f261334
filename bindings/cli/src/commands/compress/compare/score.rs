//! SSIMULACRA2 by a tool of the machine's, where there is one: how near the result is to the original, as people see it.
//!
//! Owns which tools there are and what their answers look like. The reference is the original upright, scaled to the result's
//! dimensions: the score tells what compression took, not what having fewer pixels took.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::picture::write_png;

/// What a result scored.
#[derive(Debug, PartialEq)]
pub(super) enum Score {
    /// There is no tool.
    Unknown,
    /// It is the original, bit for bit.
    Same,
    /// At most 100; 90 looks the same at 1:1.
    Of(f64),
    /// The tool or a decoder failed, and why.
    Failed(String),
}

/// The tools, and what stands before the two pictures: libjxl's, and the one in Rust. The answer's last word is the score.
const TOOLS: [(&str, &[&str]); 2] = [("ssimulacra2", &[]), ("ssimulacra2_rs", &["image"])];

/// Where one of them is.
pub(super) struct Tool {
    path: PathBuf,
    pub(super) name: &'static str,
    before: &'static [&'static str],
}

impl Tool {
    /// The first that is in `PATH`.
    pub(super) fn find() -> Option<Self> {
        let path = env::var_os("PATH")?;
        let folders: Vec<PathBuf> = env::split_paths(&path).collect();
        TOOLS.into_iter().find_map(|(name, before)| {
            let path = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())?;
            Some(Tool { path, name, before })
        })
    }

    /// Scores `result`, of these dimensions, against `original`.
    pub(super) fn score(&self, original: &Path, result: &Path, dimensions: (u32, u32)) -> Score {
        self.answer(original, result, dimensions).map_or_else(Score::Failed, Score::Of)
    }

    fn answer(&self, original: &Path, result: &Path, dimensions: (u32, u32)) -> Result<f64, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let pictures = [(original, "reference.png"), (result, "result.png")].map(|(from, name)| {
            let to = folder.path().join(name);
            write_png(from, dimensions, &to).map(|()| to).map_err(|e| e.to_string())
        });
        let [reference, result] = pictures;
        let mut command = Command::new(&self.path);
        command.args(self.before).arg(reference?).arg(result?).stdin(Stdio::null());
        let answer = command.output().map_err(|e| format!("{}: {e}", self.name))?;
        let said = String::from_utf8_lossy(&answer.stdout);
        read(&said).filter(|_| answer.status.success()).ok_or_else(|| format!("{} did not answer", self.name))
    }
}

/// `84.21370945`, or `Score: 84.21370945`
fn read(answer: &str) -> Option<f64> {
    answer.split_whitespace().next_back()?.parse().ok().filter(|score: &f64| score.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_an_answer_is_the_score() {
        assert_eq!(read("84.21370945\n"), Some(84.213_709_45));
        assert_eq!(read("Score: -3.5\n"), Some(-3.5));
        for nothing in ["", "Could not decode", "Score: NaN"] {
            assert_eq!(read(nothing), None, "{nothing:?}");
        }
    }
}
