//! A packet's XML as a small tree.
//!
//! Owns what is read at all: well-formed XML in UTF-8, no document type (nothing is expanded), a bounded depth. Knows
//! no property.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// The deepest element. Packets in the wild are a dozen deep.
const DEEPEST: usize = 40;

#[derive(Debug, Default)]
pub(super) struct Element {
    /// The address of its namespace; empty where it is in none.
    pub(super) namespace: String,
    /// Its name without a prefix.
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) value: String,
}

impl Element {
    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }
}

/// The outermost element; `None` for what is longer than `longest` bytes or not what this module reads.
pub(super) fn read(packet: &[u8], longest: usize) -> Option<Element> {
    if packet.len() > longest {
        return None;
    }
    // Some writers end the packet with a zero, as C's strings do.
    let end = packet.iter().rposition(|byte| *byte != 0)? + 1;
    let text = std::str::from_utf8(&packet[..end]).ok()?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if !text.chars().all(is_char) {
        return None;
    }
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if root.is_none() && open.len() < DEEPEST => open.push(element(&reader, &start)?),
            Event::Empty(start) if !open.is_empty() => open.last_mut()?.children.push(element(&reader, &start)?),
            Event::End(_) => {
                let closed = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => root = Some(closed),
                }
            }
            Event::Text(words) => say(&mut open, &words.xml10_content()),
            Event::CData(words) => say(&mut open, &words.xml10_content()),
            Event::GeneralRef(reference) => say(&mut open, character(&reference)?.encode_utf8(&mut [0; 4])),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Start(_) | Event::Empty(_) | Event::DocType(_) => return None,
            Event::Eof => return root.filter(|_| open.is_empty()),
        }
    }
}

fn say(open: &mut [Element], words: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(words);
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Option<Element> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let mut element =
        Element { namespace: address(namespace)?, name: name.into_inner().to_owned(), ..Default::default() };
    // Doubles are not looked for: it takes the square of their number, and the first one counts here.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.ok()?;
        if attribute.key.as_namespace_binding().is_none() {
            let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
            let (namespace, name) = (address(namespace)?, name.into_inner().to_owned());
            if value.chars().all(is_char) {
                element.attributes.push(Attribute { namespace, name, value });
            }
        }
    }
    Some(element)
}

fn address(namespace: ResolveResult<'_>) -> Option<String> {
    match namespace {
        ResolveResult::Bound(namespace) => Some(namespace.into_inner().to_owned()),
        ResolveResult::Unbound => Some(String::new()),
        ResolveResult::Unknown(_) => None,
    }
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

/// Whether XML 1.0 (2.2) has the character at all.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
