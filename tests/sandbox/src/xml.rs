//! XML: read into elements with their namespaces, and escaped on its way out.
//!
//! Owns: what a strict reader refuses (documents that are not well-formed, DTDs, entities of the document's own, depth).
//! Never: knows an element's name.

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

/// Elements within each other.
const DEPTH: usize = 16;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Empty for none.
    pub(crate) namespace: String,
    /// Without a prefix.
    pub(crate) name: String,
    /// Its own text, all of it in one piece.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Whether it has this name in this namespace.
    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }
}

/// Reads a document, or says why it is none.
pub(crate) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    (config.expand_empty_elements, config.check_comments) = (true, true);
    let mut tree = Tree::default();
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|e| e.to_string())?;
        match event {
            Event::Start(start) => tree.open(&namespace, &start)?,
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(name) => tree.text(&reference(&name)?)?,
            Event::Decl(declared) => match declared.encoding() {
                None => {}
                Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => {}
                Some(_) => return Err("the document is not in UTF-8".to_owned()),
            },
            Event::DocType(_) => return Err("a document type declaration is not taken".to_owned()),
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return tree.root.filter(|_| tree.open.is_empty()).ok_or_else(|| "it ends early".to_owned()),
        }
    }
}

/// The document as far as it is read.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn open(&mut self, namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<(), String> {
        for attribute in start.attributes() {
            attribute.map_err(|e| e.to_string())?;
        }
        if self.root.is_some() || self.open.len() == DEPTH {
            return Err("there is a second root, or elements are too deep within each other".to_owned());
        }
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(namespace)) => (*namespace).to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => return Err(format!("the prefix {prefix} is not declared")),
        };
        let name = start.local_name().as_ref().to_owned();
        self.open.push(Element { namespace, name, ..Element::default() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let closed = self.open.pop().ok_or("an element ends that never began")?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err("there is text outside of the root".to_owned()),
        }
        Ok(())
    }
}

/// The character that `&name;` stands for.
fn reference(name: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = name.resolve_char_ref().map_err(|e| e.to_string())? {
        return Ok(character.to_string());
    }
    match &**name {
        "amp" => Ok("&".to_owned()),
        "lt" => Ok("<".to_owned()),
        "gt" => Ok(">".to_owned()),
        "quot" => Ok("\"".to_owned()),
        "apos" => Ok("'".to_owned()),
        other => Err(format!("there is no entity {other}")),
    }
}

/// Text as it stands between tags. What XML cannot say becomes U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_known_by_namespace_whatever_their_prefix() {
        let texts = [
            "<a xmlns='urn:x'><b>1 &amp; &#50;</b></a>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<p:a xmlns:p='urn:x'><!-- c --><p:b>1 <![CDATA[& 2]]></p:b></p:a>\n",
        ];
        for text in texts {
            let root = parse(text).unwrap();
            assert!(root.is("urn:x", "a") && root.children[0].is("urn:x", "b"), "{root:?}");
            assert_eq!(root.children[0].text, "1 & 2");
        }
        assert_eq!(parse("<a/>").unwrap().namespace, "");
    }

    #[test]
    fn what_a_strict_reader_refuses_is_refused() {
        let deep = "<a>".repeat(DEPTH + 1) + &"</a>".repeat(DEPTH + 1);
        let texts = [
            "",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a/>text",
            "<p:a/>",
            "<a x='1' x='2'/>",
            "<a>&unknown;</a>",
            "<a>&</a>",
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            deep.as_str(),
        ];
        for text in texts {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_escaped_reads_back() {
        let text = "a <b> & \"c\" ]]> 'd' \r\n\t\u{fc} \u{1f600}";
        assert_eq!(parse(&format!("<a>{}</a>", escaped(text))).unwrap().text, text);
        assert_eq!(parse(&format!("<a>{}</a>", escaped("\u{0}\u{8}"))).unwrap().text, "\u{fffd}\u{fffd}");
    }
}
