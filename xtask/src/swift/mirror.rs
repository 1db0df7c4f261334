//! Which Debian archive this machine uses, read from apt's own sources.
//!
//! Owns the two formats of sources.list(5). Names no host of its own: a machine behind a mirror stays behind it.

use std::fs;
use std::path::{Path, PathBuf};

/// Where apt keeps its sources.
const APT: &str = "/etc/apt";

/// The archive that brings this machine's own release; the other releases lie beside it.
pub(super) fn of_this_machine(codename: &str) -> Result<String, String> {
    let mut files = vec![Path::new(APT).join("sources.list")];
    files.extend(fs::read_dir(Path::new(APT).join("sources.list.d")).into_iter().flatten().flatten().map(|e| e.path()));
    files.sort();
    let sources: Vec<Source> = files.iter().flat_map(sources).collect();
    archive(&sources, codename)
        .ok_or_else(|| format!("apt's sources name no archive of Debian's {codename} in the network"))
}

fn sources(file: &PathBuf) -> Vec<Source> {
    let text = fs::read_to_string(file).unwrap_or_default();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("sources") => deb822(&text),
        Some("list") => one_line(&text),
        _ => Vec::new(),
    }
}

/// Others publish for Debian in suites of the same names. Debian's own archive nearly always ends in its name, so such
/// an address goes before the rest; a wrong one does no harm, as debootstrap checks Debian's signature.
fn archive(sources: &[Source], codename: &str) -> Option<String> {
    let found: Vec<String> = sources.iter().filter_map(|source| source.archive_of(codename)).collect();
    found.iter().find(|address| address.ends_with("/debian")).or(found.first()).cloned()
}

/// One entry of apt's.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    types: Vec<String>,
    addresses: Vec<String>,
    suites: Vec<String>,
    components: Vec<String>,
    disabled: bool,
}

impl Source {
    /// Its address if it may be Debian's own archive: that has a suite of just the release's name, or of its place in the
    /// row, with `main` in it. Discs and apt's own schemes are of no use to debootstrap.
    fn archive_of(&self, codename: &str) -> Option<String> {
        let has = |list: &[String], any: &[&str]| list.iter().any(|entry| any.contains(&entry.as_str()));
        let suites = [codename, "stable", "oldstable", "testing", "unstable"];
        if self.disabled
            || !has(&self.types, &["deb"])
            || !has(&self.suites, &suites)
            || !has(&self.components, &["main"])
        {
            return None;
        }
        let usable =
            |address: &&String| ["http://", "https://", "file:"].iter().any(|scheme| address.starts_with(scheme));
        self.addresses.iter().find(usable).map(|address| address.trim_end_matches('/').to_owned())
    }
}

/// `*.sources`: stanzas of `Field: values`, continued on indented lines, with whole lines as comments.
fn deb822(text: &str) -> Vec<Source> {
    let mut sources = vec![Source::default()];
    let mut field = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.trim().is_empty() {
            sources.push(Source::default());
            continue;
        }
        let values = match line.split_once(':') {
            Some((name, values)) if !line.starts_with([' ', '\t']) => {
                field = name.to_ascii_lowercase();
                values
            }
            _ => line,
        };
        let source = sources.last_mut().expect("it began with one and only grows");
        let mut words = words(values);
        match field.as_str() {
            "types" => source.types.append(&mut words),
            "uris" => source.addresses.append(&mut words),
            "suites" => source.suites.append(&mut words),
            "components" => source.components.append(&mut words),
            "enabled" => source.disabled = words == ["no"],
            _ => {}
        }
    }
    sources
}

/// `*.list`: `deb [option=value ...] address suite component...`, a line each.
fn one_line(text: &str) -> Vec<Source> {
    let entry = |line: &str| -> Option<Source> {
        let line = line.split('#').next()?.trim();
        let (kind, rest) = line.split_once([' ', '\t'])?;
        let rest = rest.trim_start();
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        let mut words = words(rest).into_iter();
        Some(Source {
            types: vec![kind.to_owned()],
            addresses: vec![words.next()?],
            suites: vec![words.next()?],
            components: words.collect(),
            disabled: false,
        })
    };
    text.lines().filter_map(entry).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(sources: &[Source]) -> Option<String> {
        super::archive(sources, "bookworm")
    }

    #[test]
    fn stanzas_are_read_with_their_comments_and_continued_lines() {
        let text = "# made by hand\n\
            Types: deb\nURIs: https://packages.example/x\nSuites: bookworm-thing\nComponents: main\n\n\
            Types: deb deb-src\n# an old address\nURIs:\n cdrom:[disc]/\n https://mirror.example/debian/\n\
            Suites: bookworm-updates\n bookworm\nComponents: contrib main\nSigned-By: /a/key.gpg\n";
        assert_eq!(archive(&deb822(text)).as_deref(), Some("https://mirror.example/debian"));
    }

    #[test]
    fn lines_are_read_with_their_options_and_comments() {
        let text = "# deb http://old.example/debian bookworm main\n\
            deb-src http://source.example/debian bookworm main\n\
            deb [arch=amd64 signed-by=/a/key.gpg] http://mirror.example/debian bookworm main contrib # ours\n";
        assert_eq!(archive(&one_line(text)).as_deref(), Some("http://mirror.example/debian"));
    }

    #[test]
    fn what_is_not_debians_own_archive_is_passed_over() {
        let none = [
            "deb http://a.example/debian-security bookworm-security main",
            "deb http://a.example/apt cloud-sdk-bookworm main",
            "deb http://a.example/apt nodistro main",
            "deb http://a.example/debian bookworm contrib",
            "deb cdrom:[disc]/ bookworm main",
            "deb",
            "deb [unclosed http://a.example/debian bookworm main",
        ];
        for line in none {
            assert_eq!(archive(&one_line(line)), None, "{line}");
        }
        let switched_off = "Enabled: no\nTypes: deb\nURIs: http://a.example/d\nSuites: bookworm\nComponents: main\n";
        assert_eq!(archive(&deb822(switched_off)), None);
        assert_eq!(archive(&deb822("")), None);
    }

    #[test]
    fn another_publisher_for_the_same_release_is_not_taken_for_debian() {
        let text = "deb https://apt.example bookworm main\ndeb https://b.example stable main\n\
            deb http://mirror.example/debian/ bookworm main\n";
        assert_eq!(archive(&one_line(text)).as_deref(), Some("http://mirror.example/debian"));
    }

    #[test]
    fn a_release_may_be_named_by_its_place() {
        let line = "deb http://mirror.example/debian stable main";
        assert_eq!(archive(&one_line(line)).as_deref(), Some("http://mirror.example/debian"));
    }
}
