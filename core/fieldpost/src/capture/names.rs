//! The name that is sent, from the one that was wished for. What comes out is fit for a URL, a header, a form field, and
//! any system's disk: no path, no control or direction character, no reserved name, at most [`STEM_LIMIT`] bytes.

/// The longest stem in bytes. With dash, marker, dot and the longest extension a name stays below 80.
pub(crate) const STEM_LIMIT: usize = 60;
/// The longest extension in bytes.
const EXTENSION_LIMIT: usize = 10;

/// A wished name, cleaned and taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// What stands before the marker.
    pub stem: String,
    /// The extension it claims, without its dot, in lower case.
    pub extension: Option<String>,
}

/// Cleans `wished`; where nothing is left of its stem it is `fallback`.
pub(crate) fn clean(wished: &str, fallback: &str) -> Name {
    let file = wished.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let visible: String = file.chars().filter(|c| !is_dropped(*c)).map(replaced).collect();
    let visible = visible.trim_end_matches(is_trimmed);
    let (stem, extension) = match visible.rsplit_once('.') {
        Some((stem, claimed)) if is_extension(claimed) => (stem, Some(claimed.to_ascii_lowercase())),
        _ => (visible, None),
    };
    Name { stem: clean_stem(stem, fallback), extension }
}

/// Cleans a text from outside for one part of a path, whatever it holds: nothing of it names another folder. Where nothing is left
/// it is `fallback`.
pub(crate) fn clean_part(text: &str, fallback: &str) -> String {
    let whole = |c| if matches!(c, '/' | '\\') { '_' } else { replaced(c) };
    let visible: String = text.chars().filter(|c| !is_dropped(*c)).map(whole).collect();
    clean_stem(&visible, fallback)
}

fn clean_stem(stem: &str, fallback: &str) -> String {
    let words: Vec<&str> = stem.split_whitespace().collect();
    let joined = words.join(" ");
    let mut stem = joined.trim_matches(is_trimmed).to_owned();
    if is_reserved(&stem) {
        stem.insert(0, '_');
    }
    let stem = cut(&stem, STEM_LIMIT).trim_end_matches(is_trimmed);
    if stem.is_empty() { fallback.to_owned() } else { stem.to_owned() }
}

/// Letters and digits, and not digits alone: "version 1.2" has no extension.
fn is_extension(claimed: &str) -> bool {
    (1..=EXTENSION_LIMIT).contains(&claimed.len())
        && claimed.bytes().all(|b| b.is_ascii_alphanumeric())
        && !claimed.bytes().all(|b| b.is_ascii_digit())
}

/// What nobody sees: control characters, marks of direction and of nothing, halves of characters that were lost.
fn is_dropped(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}')
        || (c as u32) & 0xFFFE == 0xFFFE
}

/// What systems and shells read as something else.
fn replaced(c: char) -> char {
    match c {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        c if c.is_whitespace() => ' ', // line ends and tabs among it
        c => c,
    }
}

/// Dots and spaces at either end mean something on some systems, joiners with nothing to join mean nothing.
fn is_trimmed(c: char) -> bool {
    matches!(c, '.' | ' ' | '\u{200C}' | '\u{200D}')
}

/// Names that Windows keeps for devices, whatever follows their first dot.
fn is_reserved(stem: &str) -> bool {
    let name = stem.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    match name.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        port => ["COM", "LPT"].iter().any(|kind| {
            port.strip_prefix(kind)
                .is_some_and(|n| matches!(n, "¹" | "²" | "³") || matches!(n.as_bytes(), [b'0'..=b'9']))
        }),
    }
}

/// The longest beginning of at most `limit` bytes that splits no character from the marks that belong to it.
fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let fits = |at: &usize| *at <= limit;
    let whole = text.char_indices().map(|(at, _)| at).take_while(fits).filter(|at| !joins(text, *at)).last();
    match whole {
        Some(at) if at > 0 => &text[..at],
        // One character with dozens of marks: then not all of them.
        _ => &text[..text.floor_char_boundary(limit)],
    }
}

/// Whether what begins at `at` belongs to the character before it: accents, skin tones, joined emoji, flags.
fn joins(text: &str, at: usize) -> bool {
    let Some(next) = text[at..].chars().next() else { return false };
    let is_flag_half = |c: &char| matches!(c, '\u{1F1E6}'..='\u{1F1FF}');
    text[..at].ends_with('\u{200D}')
        || matches!(next,
            '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
            | '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}'
            | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
        || (is_flag_half(&next) && text[..at].chars().rev().take_while(is_flag_half).count() % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(wished: &str) -> (String, Option<String>) {
        let Name { stem, extension } = clean(wished, "photo");
        (stem, extension)
    }

    #[test]
    fn a_part_of_a_path_names_no_other_folder() {
        for (text, part) in [
            ("10234", "10234"),
            ("WO 1.5/B", "WO 1.5_B"),
            ("..", "unknown"),
            ("../../etc", "_.._etc"),
            ("C:\\x", "C__x"),
            ("a\0b\nc", "ab c"),
            ("con", "_con"),
            ("", "unknown"),
            (" . ", "unknown"),
        ] {
            assert_eq!(clean_part(text, "unknown"), part, "{text:?}");
        }
        assert_eq!(clean_part(&"x".repeat(300), "unknown").len(), STEM_LIMIT);
    }

    #[test]
    fn a_wished_name_is_cleaned_for_every_system() {
        let table: &[(&str, &str, Option<&str>)] = &[
            ("boiler.jpg", "boiler", Some("jpg")),
            ("Boiler plate.JPEG", "Boiler plate", Some("jpeg")),
            ("Kessel Süd (2).png", "Kessel Süd (2)", Some("png")),
            ("no extension", "no extension", None),
            ("version 1.2", "version 1.2", None),
            ("report v1.2 final", "report v1.2 final", None),
            ("scan.tar.gz", "scan.tar", Some("gz")),
            ("/sdcard/DCIM/IMG_1.jpg", "IMG_1", Some("jpg")),
            ("C:\\photos\\IMG_1.jpg", "IMG_1", Some("jpg")),
            ("../../x\0.jpg", "x", Some("jpg")),
            ("..\\../mixed/\\x.jpg", "x", Some("jpg")),
            ("folder/", "folder", None),
            ("x.jpg/ ", "x", Some("jpg")),
            ("a<b>c:d\"e|f?g*h.jpg", "a_b_c_d_e_f_g_h", Some("jpg")),
            ("two\r\nlines\t.jpg", "two lines", Some("jpg")),
            ("photo\u{202E}gpj.exe", "photogpj", Some("exe")),
            ("zero\u{200B}width\u{FEFF}.jpg", "zerowidth", Some("jpg")),
            ("CON", "_CON", None),
            ("con.jpg", "_con", Some("jpg")),
            ("nul.tar.gz", "_nul.tar", Some("gz")),
            ("Lpt1 .jpg", "_Lpt1", Some("jpg")),
            ("COM³", "_COM³", None),
            ("COMMON.jpg", "COMMON", Some("jpg")),
            ("COM10", "COM10", None),
            ("  .hidden.  ", "photo", Some("hidden")),
            (".jpg", "photo", Some("jpg")),
            ("...", "photo", None),
            ("", "photo", None),
            ("/", "photo", None),
            (" \u{1}\u{202E}", "photo", None),
            ("x.superlongextension", "x.superlongextension", None),
            ("x.j pg", "x.j pg", None),
            ("x.jpg. ", "x", Some("jpg")),
        ];
        for (wished, stem, extension) in table {
            assert_eq!(cleaned(wished), ((*stem).to_owned(), extension.map(str::to_owned)), "{wished:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(cleaned(&"x".repeat(300)).0, "x".repeat(60));
        assert_eq!(cleaned(&"😀".repeat(300)).0, "😀".repeat(15));
        assert_eq!(cleaned(&"é".repeat(300)).0, "é".repeat(30));
        let family = "👨\u{200D}👩\u{200D}👧\u{200D}👦"; // 25 bytes
        assert_eq!(cleaned(&family.repeat(12)).0, family.repeat(2));
        let flag = "🇩🇪"; // two halves of 4 bytes
        assert_eq!(cleaned(&flag.repeat(100)).0, flag.repeat(7));
        let waving = "👋🏽"; // with a skin tone, 8 bytes
        assert_eq!(cleaned(&waving.repeat(100)).0, waving.repeat(7));
        let accents = format!("{}e{}", "x".repeat(58), "\u{301}".repeat(3));
        assert_eq!(cleaned(&accents).0, "x".repeat(58));
        assert_eq!(cleaned(&format!("e{}", "\u{301}".repeat(100))).0.len(), 59, "one character, too long for any stem");
        assert_eq!(cleaned(&format!("{} {}", "x".repeat(59), "y".repeat(9))).0, "x".repeat(59), "no space at the end");
    }

    /// Names put together at random out of what is hostile. The generator is splitmix64: the same names on every run.
    fn hostile_names() -> impl Iterator<Item = String> {
        let pieces: Vec<char> = "/\\.. \0\n\u{7F}\u{85}\u{202E}\u{200D}\u{FEFF}😀🇩🇪é\u{301}aB7-_:*?\"%\u{2028}\u{FFFE}\u{10FFFF}ﷺ漢字\u{3000}\u{A0}"
            .chars()
            .collect();
        let words = ["..", "CON", "nul", "jpg", "漢字漢字漢字漢字漢字漢字漢字漢字", "👨\u{200D}👩\u{200D}👧"];
        let mut state = 0_u64;
        let mut random = move |below: usize| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) % below as u64) as usize
        };
        (0..20_000).map(move |_| {
            let mut name = String::new();
            for _ in 0..random(24) {
                match random(4) {
                    0 => name.push_str(words[random(words.len())]),
                    _ => name.push(pieces[random(pieces.len())]),
                }
            }
            name
        })
    }

    #[test]
    fn whatever_is_wished_what_comes_out_is_harmless() {
        for wished in hostile_names() {
            let Name { stem, extension } = clean(&wished, "photo");
            assert!(!stem.is_empty() && stem.len() <= STEM_LIMIT, "{wished:?} -> {stem:?}");
            let is_bad_space = |c: char| c.is_whitespace() && c != ' ';
            let forbidden = |c: char| is_dropped(c) || is_bad_space(c) || c.is_control() || "/\\<>:\"|?*".contains(c);
            assert!(!stem.contains(forbidden), "{wished:?} -> {stem:?}");
            assert!(!stem.starts_with(is_trimmed) && !stem.ends_with(is_trimmed), "{wished:?} -> {stem:?}");
            assert!(!is_reserved(&stem), "{wished:?} -> {stem:?}");
            assert!(extension.is_none_or(|e| is_extension(&e)), "{wished:?}");
        }
    }

    #[test]
    fn a_clean_stem_stays_as_it_is() {
        for wished in hostile_names() {
            let once = clean_stem(&clean(&wished, "photo").stem, "photo");
            assert_eq!(clean_stem(&once, "photo"), once, "{wished:?}");
        }
    }
}
