use super::super::tests::Rng;
use super::*;

/// `<name>text</name>` in no namespace.
fn plain(text: &str) -> Option<String> {
    document(format!("<a>{text}</a>").as_bytes())?.text().map(str::to_owned)
}

#[test]
fn elements_are_known_by_their_namespace_whatever_the_prefix() {
    for text in [
        r#"<a:list xmlns:a="urn:x" xmlns:s="urn:y"><a:name>n</a:name><s:name>m</s:name></a:list>"#,
        r#"<list xmlns="urn:x"><name>n</name><name xmlns="urn:y">m</name></list>"#,
        r#"<s:list xmlns:s='urn:x'><s:name>n</s:name><s:name xmlns:s='urn:y'>m</s:name></s:list >"#,
    ] {
        let list = document(text.as_bytes()).unwrap();
        let said = |e: &Element| (e.namespace().to_owned(), e.name().to_owned(), e.text().map(str::to_owned));
        let (own, name) = ("urn:x".to_owned(), "name".to_owned());
        assert_eq!(said(&list), (own.clone(), "list".to_owned(), None));
        let children: Vec<_> = list.children().iter().map(said).collect();
        assert_eq!(children, [(own, name.clone(), Some("n".into())), ("urn:y".into(), name, Some("m".into()))]);
    }
    assert_eq!(document(b"<list/>").unwrap().namespace(), "");
}

#[test]
fn text_is_put_together_from_all_that_may_stand_for_it() {
    for (text, wanted) in [
        ("", ""),
        ("x", "x"),
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
        ("&#x41;&#66;&#x1F525;", "AB\u{1f525}"),
        ("a<!-- not this -->b<?nor this?>c", "abc"),
        ("<![CDATA[<b>&amp;]]>!", "<b>&amp;!"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("&#13;&#10;", "\r\n"),
        ("Kessel \u{e4}\u{7f}", "Kessel \u{e4}\u{7f}"),
    ] {
        assert_eq!(plain(text).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn what_is_not_well_formed_or_not_expected_is_unreadable() {
    for text in [
        "",
        " ",
        "words",
        "<a>",
        "<a",
        "</a>",
        "<a></b>",
        "<a><b></a></b>",
        "<a/><b/>",
        "<a/>words",
        "words<a/>",
        "<a/>&lt;",
        "<a/><![CDATA[x]]>",
        "<a>&nbsp;</a>",
        "<a>&x;</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#1;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFF;</a>",
        "<a>&#x110000;</a>",
        "<a>\u{1}</a>",
        "<a>\0</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<p:a/>",
        "<a><p:b xmlns:p='urn:x'/><p:c/></a>",
        "<a b='1' b='2'/>",
        "<a b/>",
        "<?xml version='1.1'?><a/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><a>\u{e4}</a>",
        " <?xml version='1.0'?><a/>",
        "<a><?xml version='1.0'?></a>",
        "<!DOCTYPE a><a/>",
        "<!doctype html><html/>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<a><!DOCTYPE b></a>",
    ] {
        assert_eq!(document(text.as_bytes()), None, "{text}");
    }
    assert_eq!(document(b"<a>\xff</a>"), None);
    assert_eq!(document("<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().as_slice()), None);
    for text in [
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- x --><a/>\n",
        "<?xml version='1.0' encoding='US-ASCII' standalone='yes'?><a/>",
        "<?xml version='1.0'?><?xml-stylesheet href='x'?><a></a ><!-- y -->",
    ] {
        assert!(document(text.as_bytes()).is_some(), "{text}");
    }
}

#[test]
fn entities_are_not_expanded_so_that_no_few_lines_become_gigabytes() {
    let mut bomb = String::from("<?xml version=\"1.0\"?><!DOCTYPE z [<!ENTITY e0 \"lol\">");
    for n in 1..20 {
        bomb += &format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10));
    }
    bomb += "]><z>&e19;</z>";
    assert_eq!(document(bomb.as_bytes()), None);
}

#[test]
fn depth_and_numbers_are_bounded() {
    let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    assert!(document(deep(DEEPEST).as_bytes()).is_some());
    assert_eq!(document(deep(DEEPEST + 1).as_bytes()), None);
    assert_eq!(document("<a>".repeat(2_000_000).as_bytes()), None);
    let wide = |inner: &str, n: usize| document(format!("<a>{}</a>", inner.repeat(n)).as_bytes()).is_some();
    for inner in ["<b/>", "<!---->", "<?b?>"] {
        assert!(wide(inner, MOST - 1) && !wide(inner, MOST), "{inner}");
    }
    let attributes = |n| (0..n).map(|n| format!(" b{n}=''")).collect::<String>();
    assert!(document(format!("<a{}/>", attributes(MOST_ATTRIBUTES)).as_bytes()).is_some());
    assert_eq!(document(format!("<a{}/>", attributes(MOST_ATTRIBUTES + 1)).as_bytes()), None);
    let spaces = |n| (0..n).map(|n| format!("<b xmlns='urn:{n}'/>")).collect::<String>();
    assert!(wide(&spaces(MOST_NAMESPACES - 1), 1) && !wide(&spaces(MOST_NAMESPACES), 1));
}

#[test]
fn what_was_escaped_reads_back_and_cannot_leave_its_place() {
    let text = "</a><b>&amp;]]>\"'\r\n\t\u{e4}\u{1f525}<!--";
    assert_eq!(escaped("<&>\"'\r\n"), "&lt;&amp;&gt;&quot;&apos;&#13;\n");
    assert_eq!(plain(&escaped(text)).as_deref(), Some(text));
    let forbidden = "a\0b\u{8}c\u{1b}d\u{ffff}e\u{fffe}f";
    assert_eq!(plain(&escaped(forbidden)).as_deref(), Some("a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f"));
}

#[test]
fn any_text_that_is_escaped_reads_back_as_it_was() {
    for seed in 0..5_000 {
        let rng = &mut Rng(seed);
        let any = [
            '<', '>', '&', '"', '\'', ';', '#', 'x', '1', ']', '[', '!', '-', '?', '/', '\r', '\n', '\t', ' ', 'a',
            'ä', '🔥', '\0', '\u{1}', '\u{7f}', '\u{85}', '\u{2028}', '\u{fffe}',
        ];
        let text: String = (0..rng.below(20)).map(|_| rng.of(&any)).collect();
        let wanted: String = text.chars().map(|c| if is_char(c) { c } else { '\u{fffd}' }).collect();
        assert_eq!(plain(&escaped(&text)), Some(wanted), "seed {seed}");
    }
}

/// A well-formed document, and how many elements it has.
fn made(rng: &mut Rng, depth: usize) -> (String, usize) {
    let name = rng.of(&["a", "b", "p:c", "q:d"]);
    let attributes = rng.of(&["", " x='1'", " y=\"&lt;\"", " xmlns='urn:z'", " xmlns:p='urn:other' p:x='2'"]);
    let (mut inner, mut count) = (String::new(), 1);
    for _ in 0..rng.below(4) {
        if depth > 0 && rng.below(2) == 0 {
            let (child, more) = made(rng, depth - 1);
            inner += &child;
            count += more;
        } else {
            inner += rng.of(&["text", "&amp;", "&#65;", "<![CDATA[<]]>", "<!-- c -->", "<?pi?>", "ä\n"]);
        }
    }
    let declared = if depth == 5 { " xmlns:p='urn:p' xmlns:q='urn:q'" } else { "" };
    let attributes = if depth == 5 { "" } else { attributes };
    (format!("<{name}{declared}{attributes}>{inner}</{name}>"), count)
}

fn counted(element: &Element) -> usize {
    1 + element.children().iter().map(counted).sum::<usize>()
}

#[test]
fn what_is_well_formed_is_read_whole_and_no_damage_to_it_makes_the_reader_panic_or_run_on() {
    let mut damaged = 0;
    for seed in 0..20_000 {
        let rng = &mut Rng(seed);
        let (text, count) = made(rng, 5);
        let whole = document(text.as_bytes());
        assert_eq!(whole.as_ref().map(counted), Some(count), "seed {seed}: {text}");
        let mut bytes = text.into_bytes();
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len());
            match rng.below(3) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = u8::try_from(rng.below(256)).unwrap(),
                _ => bytes.insert(at, rng.of(b"<>&;'\"=/!?-[]\0\xff:a")),
            }
        }
        damaged += usize::from(document(&bytes).is_none());
    }
    assert!(damaged > 10_000, "too few to mean anything: {damaged}");
}

#[test]
fn no_beginning_of_a_document_is_taken_for_the_whole() {
    for seed in 0..300 {
        let (text, _) = made(&mut Rng(seed), 5);
        for end in 0..text.len() {
            assert_eq!(document(&text.as_bytes()[..end]), None, "seed {seed}, {end} bytes");
        }
    }
}
