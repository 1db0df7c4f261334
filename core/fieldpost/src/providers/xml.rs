//! XML from outside, read into a small tree, and foreign text put into XML of ours. Knows no system.
//!
//! Read is well-formed XML 1.0 in UTF-8, with or without a byte order mark, and nothing else: a document type declaration makes it
//! unreadable, for an answer needs none and entities are declared there; references are the five predefined entities and
//! characters by number. How deep, how many and how much is bounded here, the length of it all by
//! [`ANSWER_LIMIT`](crate::ANSWER_LIMIT). What cannot be read is `None`; what that means is the caller's to say.
//!
//! Elements are known by the address of their namespace, never by their prefix.

use std::rc::Rc;

use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::json::without_mark;

/// The deepest element. The systems' own lie four deep.
const DEEPEST: usize = 16;

/// The most elements, comments and instructions: a list of some three thousand attachments.
const MOST: usize = 50_000;

/// The most attributes of one element: each is compared with all before it.
const MOST_ATTRIBUTES: usize = 32;

/// The most namespaces of a document.
const MOST_NAMESPACES: usize = 64;

/// An element, and all that is in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    namespace: Rc<str>,
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The address of its namespace; empty where it is in none.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name without a prefix.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The names (without prefixes) and values (as they are written) of its attributes, declarations of namespaces left out.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The elements in it.
    pub(super) fn children(&self) -> &[Element] {
        &self.children
    }

    /// What it says; `None` where it holds elements.
    pub(super) fn text(&self) -> Option<&str> {
        self.children.is_empty().then_some(self.text.as_str())
    }
}

/// The outermost element of `bytes`.
pub(super) fn document(bytes: &[u8]) -> Option<Element> {
    let text = std::str::from_utf8(without_mark(bytes)).ok()?;
    if !text.chars().all(is_char) {
        return None;
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree::default();
    loop {
        let (namespace, event) = reader.read_resolved_event().ok()?;
        match event {
            Event::Start(start) => tree.open(&namespace, &start)?,
            Event::Empty(start) => {
                tree.open(&namespace, &start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(words) => tree.say(&words.xml10_content(), &words)?,
            Event::CData(words) => tree.open_text()?.push_str(&words.xml10_content()),
            Event::GeneralRef(reference) => tree.open_text()?.push(character(&reference)?),
            Event::Comment(_) | Event::PI(_) => tree.count()?,
            Event::Decl(declaration) if tree.is_untouched() && is_ours(&declaration, text) => tree.count()?,
            Event::Decl(_) | Event::DocType(_) => return None,
            Event::Eof => return tree.end(),
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Tree {
    /// The elements that are open, the outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    namespaces: Vec<Rc<str>>,
    counted: usize,
    /// Whether anything was read, white space included.
    touched: bool,
}

impl Tree {
    fn is_untouched(&self) -> bool {
        !self.touched
    }

    fn count(&mut self) -> Option<()> {
        self.touched = true;
        self.counted += 1;
        (self.counted <= MOST).then_some(())
    }

    fn open(&mut self, namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Option<()> {
        self.count()?;
        if self.root.is_some() || self.open.len() == DEEPEST {
            return None;
        }
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => self.known(namespace.into_inner())?,
            ResolveResult::Unbound => self.known("")?,
            ResolveResult::Unknown(_) => return None,
        };
        let mut attributes = Vec::new();
        for (n, attribute) in start.attributes().enumerate() {
            let attribute = attribute.ok().filter(|_| n < MOST_ATTRIBUTES)?;
            if attribute.key.as_namespace_binding().is_none() {
                attributes.push((attribute.key.local_name().into_inner().to_owned(), attribute.value.into_owned()));
            }
        }
        let name = start.local_name().into_inner().to_owned();
        self.open.push(Element { namespace, name, attributes, text: String::new(), children: Vec::new() });
        Some(())
    }

    /// `namespace`, kept once.
    fn known(&mut self, namespace: &str) -> Option<Rc<str>> {
        if let Some(known) = self.namespaces.iter().find(|known| &***known == namespace) {
            return Some(Rc::clone(known));
        }
        let new: Rc<str> = namespace.into();
        self.namespaces.push(Rc::clone(&new));
        (self.namespaces.len() <= MOST_NAMESPACES).then_some(new)
    }

    fn close(&mut self) -> Option<()> {
        let closed = self.open.pop()?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Some(())
    }

    /// The text of the innermost open element; there is none outside of the outermost.
    fn open_text(&mut self) -> Option<&mut String> {
        Some(&mut self.open.last_mut()?.text)
    }

    /// `words`, `raw` as they are written. Around the outermost element only white space may stand.
    fn say(&mut self, words: &str, raw: &str) -> Option<()> {
        self.touched = true;
        match self.open_text() {
            Some(_) if raw.contains("]]>") => None,
            Some(text) => {
                text.push_str(words);
                Some(())
            }
            None => raw.bytes().all(|b| b" \t\r\n".contains(&b)).then_some(()),
        }
    }

    fn end(self) -> Option<Element> {
        self.root.filter(|_| self.open.is_empty())
    }
}

/// XML 1.0, and in the encoding that it was read in.
fn is_ours(declaration: &BytesDecl<'_>, text: &str) -> bool {
    let encoding = match declaration.encoding() {
        None => true,
        Some(Ok(name)) => name.eq_ignore_ascii_case("utf-8") || text.is_ascii(),
        Some(Err(_)) => false,
    };
    encoding && declaration.version().is_ok_and(|version| version == "1.0")
}

/// The one character that a reference stands for.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok()?.filter(|c| is_char(*c)),
    }
}

/// Whether XML 1.0 (2.2) has the character at all, be it by number.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// `text` as it may stand between two tags. A carriage return goes by its number, or it would arrive as a line feed; what XML 1.0
/// does not have at all becomes U+FFFD, that it is seen that something is missing.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\r' => out.push_str("&#13;"),
            c if is_char(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

#[cfg(test)]
mod tests;
