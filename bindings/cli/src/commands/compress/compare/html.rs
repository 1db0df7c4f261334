//! The page's markup.
//!
//! Owns escaping: whatever comes from outside goes through [`Text`], or is a link of [`Links`](super::link::Links). Style and
//! script are the two files beside this one, let in by their hashes and nothing else.

use std::fmt::{self, Display, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldpost::Bytes;
use fieldpost_imaging::{ExifPolicy, Fitted, ProfilePolicy};
use sha2::{Digest, Sha256};

use super::super::told::saved;
use super::super::work::Made;
use super::score::{Score, Tool};
use crate::args::CompressArgs;
use crate::render::plain;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A photo that was made to fit.
pub(super) struct Row<'a> {
    pub(super) from: &'a Path,
    pub(super) made: &'a Made,
    /// Links to both files.
    pub(super) original: String,
    pub(super) result: String,
    /// The original's, as it is seen.
    pub(super) dimensions: Option<(u32, u32)>,
    pub(super) score: Score,
}

/// Text from outside: escaped, and without what could turn or hide the text around it.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in plain(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The whole page: what was made, and what failed with its message.
pub(super) fn page(args: &CompressArgs, rows: &[Row<'_>], failed: &[(String, String)], tool: Option<&Tool>) -> String {
    let title = match rows {
        [row] => format!("{} under {}", Text(&name(row.from)), args.cap),
        rows => format!("{} photos under {}", rows.len(), args.cap),
    };
    let (head, lead) = (head(&title), lead(args, rows));
    let (failed, notes) = (failures(failed), notes(tool));
    let (viewer, table, script) = match rows {
        [] => Default::default(),
        rows => (viewer(rows), table(args, rows), format!("<script>{SCRIPT}</script>\n")),
    };
    format!(
        r#"<!doctype html>
<html lang="en">
{head}
<body>
<header class="bar">Fieldpost <b>compare</b></header>
<main>
<div><h1>{title}</h1><p class="lead">{lead}</p></div>
{viewer}{table}{failed}{notes}</main>
{script}</body>
</html>
"#
    )
}

/// Nothing comes from anywhere but the files beside the page, nothing runs but what was written here.
fn head(title: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        r#"<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – Fieldpost compare</title>
<style>{STYLE}</style>
</head>"#,
        style = hash(STYLE),
        script = hash(SCRIPT),
    )
}

/// What was asked for, and what came of it.
fn lead(args: &CompressArgs, rows: &[Row<'_>]) -> String {
    let (cap, quality) = (args.cap, args.quality.unwrap_or_default());
    let longest = args.max_edge.map(|edge| format!("long edges of at most {edge} pixels, ")).unwrap_or_default();
    let shortest = args.min_edge.map(|edge| format!("none shrunk below {edge} pixels, ")).unwrap_or_default();
    let exif = match args.exif.into() {
        ExifPolicy::Keep => "all metadata kept",
        ExifPolicy::NoLocation => "metadata without the location",
        ExifPolicy::Minimal => "no metadata but the capture time",
        ExifPolicy::None => "no metadata",
    };
    let profile = match args.profile.into() {
        ProfilePolicy::Carry => "",
        ProfilePolicy::Srgb => ", colours in sRGB",
    };
    let quality = format!("quality {} to {}", quality.floor(), quality.ceiling());
    let mut said = format!("At most {cap} each, {longest}{shortest}{quality}, {exif}{profile}.");
    let sum = |part: fn(&Row<'_>) -> u64| rows.iter().map(part).sum::<u64>();
    let (before, after) = (sum(|row| row.made.before), sum(|row| row.made.fitted.bytes));
    if rows.len() > 1 {
        let _ = write!(said, " {} &gt; {}, {} saved.", Bytes(before), Bytes(after), saved(before, after));
    }
    said
}

fn viewer(rows: &[Row<'_>]) -> String {
    let mut options = String::new();
    for row in rows {
        let _ = write!(options, "<option>{}</option>", Text(&name(row.from)));
    }
    let alone = if rows.len() == 1 { " hidden" } else { "" };
    let choice = |group: &str, value: &str, says: &str, first: bool| {
        let checked = if first { " checked" } else { "" };
        format!(
            r#"<label class="choice"><input type="radio" name="{group}" value="{value}"{checked}><span>{says}</span></label>"#
        )
    };
    let views =
        [choice("view", "side", "Side by side", true), choice("view", "over", "One over the other", false)].concat();
    let zooms = [("fit", "Fit"), ("1", "1:1"), ("2", "2:1")]
        .map(|(value, says)| choice("zoom", value, says, value == "1"))
        .concat();
    let panes = [("original", "Original"), ("result", "Result")].map(|(side, says)| {
        format!(
            r##"<figure class="pane {side}"><figcaption><b>{says}</b> <span class="about"></span></figcaption>
<div class="window" tabindex="0" role="group" aria-label="{says}, to be scrolled"><img alt="" decoding="async"><p class="sorry" hidden>This browser cannot show the file: <a href="#">open it</a> with another program.</p></div></figure>
"##
        )
    });
    format!(
        r#"<noscript><p>Side by side the pictures are shown by JavaScript. Without it, the links in the table open them.</p></noscript>
<section class="viewer" aria-label="Comparison" hidden>
<div class="tools">
<div class="which"{alone}><button type="button" aria-label="Previous photo">‹</button><select aria-label="Photo">{options}</select><button type="button" aria-label="Next photo">›</button></div>
<fieldset aria-label="Arrangement">{views}</fieldset>
<fieldset aria-label="Size">{zooms}</fieldset>
<button type="button" class="flip">Flip</button>
</div>
<div class="panes" data-view="side">
{}<div class="edge" hidden></div>
<input class="wipe" type="range" min="0" max="100" value="50" step="any" aria-label="How much of the original is seen, from the left, in percent" hidden>
</div>
</section>
"#,
        panes.concat()
    )
}

/// The columns of numbers.
const NUMBERS: [&str; 7] = ["Before", "After", "Of the cap", "Pixels", "Quality", "SSIMULACRA2", "Seconds"];

fn table(args: &CompressArgs, rows: &[Row<'_>]) -> String {
    let titles: String =
        NUMBERS.iter().map(|title| format!(r#"<th scope="col" class="number">{title}</th>"#)).collect();
    let rows: String = rows.iter().zip(1..).map(|(row, id)| table_row(args, row, id)).collect();
    format!(
        r#"<section><h2>Photos</h2>
<table><thead><tr><th scope="col">Photo</th>{titles}<th scope="col">Files</th></tr></thead>
<tbody>
{rows}</tbody></table></section>
"#
    )
}

/// A row, with what the script asks it for: links, dimensions of the result, words about both files.
fn table_row(args: &CompressArgs, row: &Row<'_>, id: usize) -> String {
    let Fitted { bytes, width, height, quality, passthrough, truncated, .. } = row.made.fitted;
    let (before, after, pixels) = (Bytes(row.made.before), Bytes(bytes), format!("{width} × {height}"));
    let was = row.dimensions.map(|(width, height)| format!("{width} × {height}"));
    let (short, quality) = match quality {
        _ if passthrough => ("as it was".to_owned(), "as it was".to_owned()),
        Some(quality) => (quality.to_string(), format!("quality {quality}")),
        None => ("lossless".to_owned(), "lossless".to_owned()),
    };
    let end = if truncated { ", its end is missing" } else { "" };
    let original = was.iter().fold(before.to_string(), |said, was| format!("{said}, {was}")) + end;
    let smaller = was.filter(|was| *was != pixels).map(|was| was + " &gt; ").unwrap_or_default();
    let cells = [
        before.to_string(),
        after.to_string(),
        share(bytes, args.cap),
        smaller + &pixels,
        short,
        scored(&row.score),
        format!("{:.3}", row.made.seconds),
    ];
    let cells = NUMBERS.iter().zip(cells);
    let cells: String =
        cells.map(|(title, cell)| format!(r#"<td class="number" data-label="{title}">{cell}</td>"#)).collect();
    format!(
        r##"<tr data-photo="{id}" data-width="{width}" data-height="{height}"><th scope="row"><a href="#photo-{id}">{name}</a></th>{cells}<td class="files" data-label="Files"><span><a class="original" href="{from}" data-about="{original}">original</a> <a class="result" href="{to}" data-about="{after}, {pixels}, {quality}">result</a></span></td></tr>
"##,
        name = Text(&name(row.from)),
        from = row.original,
        to = row.result,
    )
}

fn scored(score: &Score) -> String {
    match score {
        Score::Unknown => "–".to_owned(),
        Score::Same => "the same file".to_owned(),
        Score::Of(score) => format!("{score:.1}"),
        Score::Failed(why) => format!("<span title=\"{}\">failed</span>", Text(why)),
    }
}

fn share(bytes: u64, cap: Bytes) -> String {
    #[allow(clippy::cast_precision_loss)] // for people's eyes
    let part = bytes as f64 / cap.0 as f64;
    // Never told as full where it is not.
    format!("{:.1} %", (part * 1000.0).floor() / 10.0)
}

fn failures(failed: &[(String, String)]) -> String {
    if failed.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section class=\"failed\"><h2>Not made to fit</h2><ul>\n");
    for (from, message) in failed {
        // Most messages begin with the file they are about.
        let message =
            message.strip_prefix(from.as_str()).map_or(message.as_str(), |rest| rest.trim_start_matches([':', ' ']));
        let _ = writeln!(out, "<li><b>{}</b> {}</li>", Text(from), Text(message));
    }
    out + "</ul></section>\n"
}

fn notes(tool: Option<&Tool>) -> String {
    let score = match tool {
        Some(tool) => format!(
            "SSIMULACRA2 by <code>{}</code>: 100 at most, 90 looks the same at 1:1, 70 is high quality, 50 medium. It is taken against \
             the original turned upright and scaled to the result's dimensions (Lanczos3), so it tells what compression took, not \
             what having fewer pixels took.",
            tool.name
        ),
        None => "Not scored: for SSIMULACRA2 put <code>ssimulacra2</code> of libjxl's developer tools into PATH, or \
                 <code>ssimulacra2_rs</code> (<code>cargo install ssimulacra2_rs --no-default-features</code>)."
            .to_owned(),
    };
    format!(
        r#"<section class="notes"><h2>What is seen here</h2>
<p>At 1:1 a pixel of the result is one of the screen. The original is turned upright and scaled to the result's dimensions by the browser. Pictures are linked, not copied: they are shown as long as they and this page stay where they are.</p>
<p>{score}</p>
<details><summary>Mouse and keys</summary><ul>
<li>Drag or scroll in either picture, or use the arrow keys: the other goes along.</li>
<li>In the comparison: <kbd>n</kbd> next, <kbd>p</kbd> previous photo; <kbd>0</kbd> fit, <kbd>1</kbd> 1:1, <kbd>2</kbd> 2:1; <kbd>s</kbd> side by side, <kbd>o</kbd> one over the other, <kbd>f</kbd> flip.</li>
</ul></details></section>
"#
    )
}

/// What a photo is called here: its name, without its folders.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_text() {
        assert_eq!(Text("<b a='\"'>&\u{202e}\n").to_string(), "&lt;b a=&#39;&quot;&#39;&gt;&amp;\u{fffd} ");
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        assert_eq!(share(999_999, Bytes(1_000_000)), "99.9 %");
        assert_eq!(share(1_000_000, Bytes(1_000_000)), "100.0 %");
    }
}
