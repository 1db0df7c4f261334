//! XMP packets: kept upright, or read anew for the few properties that tell nothing of a place.
//!
//! Owns which properties go along. A packet that is kept is edited in place, byte for byte but for what the new pixels
//! make wrong. One that is filtered is written from the start: of the source only the text of properties on an
//! allow-list goes along, so that neither an unknown property nor a comment nor the padding can hide a place. Never
//! keeps half of an extended packet: the main part says that there is more, and is then filtered whatever the policy.
//!
//! Source: ISO 16684-1 (XMP); IPTC Photo Metadata Standard for what the properties mean.

mod tree;

use std::fmt::Write;
use std::ops::Range;

use tree::Element;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The longest packet that is read: what one JPEG segment can hold.
const LONGEST: usize = 65_536;

/// A namespace: its address, its usual prefix, and the properties in it that go along.
struct Allowed(&'static str, &'static str, &'static [&'static str]);

/// Words that somebody wrote, whose they are, and when. Places are not among them, nor what may hold one: history,
/// regions of faces, derived data, private namespaces.
const ALLOWED: &[Allowed] = &[
    Allowed(
        "http://purl.org/dc/elements/1.1/",
        "dc",
        &["contributor", "creator", "date", "description", "publisher", "rights", "subject", "title"],
    ),
    Allowed(
        "http://ns.adobe.com/xap/1.0/",
        "xmp",
        &["CreateDate", "CreatorTool", "Label", "MetadataDate", "ModifyDate", "Rating"],
    ),
    Allowed("http://ns.adobe.com/xap/1.0/rights/", "xmpRights", &["Marked", "Owner", "UsageTerms", "WebStatement"]),
    Allowed(
        "http://ns.adobe.com/photoshop/1.0/",
        "photoshop",
        &[
            "AuthorsPosition",
            "CaptionWriter",
            "Credit",
            "DateCreated",
            "Headline",
            "Instructions",
            "Source",
            "TransmissionReference",
            "Urgency",
        ],
    ),
    Allowed("http://ns.adobe.com/tiff/1.0/", "tiff", &["Artist", "Copyright", "ImageDescription", "Make", "Model"]),
    Allowed("http://ns.adobe.com/exif/1.0/", "exif", &["DateTimeDigitized", "DateTimeOriginal"]),
];

/// The packet with its orientation set to 1. One that describes gain maps, motion clips or depth, which are not there
/// any more, or that goes on in other segments, is filtered.
pub(crate) fn upright(packet: &[u8]) -> Option<Vec<u8>> {
    const STALE: &[&[u8]] = &[
        b"hdrgm:",
        b"GCamera:",
        b"GContainer:",
        b"GDepth:",
        b"GImage:",
        b"Container:Directory",
        b"HDRGainMap",
        b"apdi:",
        b"xmpNote:HasExtendedXMP",
    ];
    if STALE.iter().any(|needle| places(packet, needle).next().is_some()) {
        return filtered(packet);
    }
    let mut packet = packet.to_vec();
    let found: Vec<usize> = places(&packet, b"tiff:Orientation").collect();
    for at in found {
        // As an attribute, tiff:Orientation="6", or as an element, <tiff:Orientation>6</...
        let value = packet[at + b"tiff:Orientation".len()..].iter_mut().take(8).find(|byte| byte.is_ascii_digit());
        if let Some(digit) = value {
            *digit = b'1';
        }
    }
    Some(packet)
}

/// The packet without the dimensions that it tells: of other pixels than those it will go with.
pub(crate) fn without_dimensions(packet: &[u8]) -> Vec<u8> {
    const TOLD: &[&[u8]] = &[b"exif:PixelXDimension", b"exif:PixelYDimension", b"tiff:ImageWidth", b"tiff:ImageLength"];
    let mut told: Vec<Range<usize>> =
        TOLD.iter().flat_map(|name| places(packet, name).filter_map(|at| property(packet, at, name))).collect();
    told.sort_by_key(|range| range.start);
    let mut out = Vec::with_capacity(packet.len());
    let mut at = 0;
    for range in told {
        out.extend_from_slice(packet.get(at..range.start).unwrap_or_default());
        at = at.max(range.end);
    }
    out.extend_from_slice(&packet[at..]);
    out
}

/// The extent of a property whose name stands at `at`: ` name="1"`, or `<name>1</name>`.
fn property(packet: &[u8], at: usize, name: &[u8]) -> Option<Range<usize>> {
    let before = *packet.get(at.checked_sub(1)?)?;
    let rest = &packet[at + name.len()..];
    if before == b'<' {
        let value = rest.strip_prefix(b">")?;
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let end = [b"</", name, b">"].concat();
        return value[digits..].starts_with(&end).then(|| at - 1..at + name.len() + 1 + digits + end.len());
    }
    let value = rest.strip_prefix(b"=")?;
    let quote = *value.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let digits = value[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let closed = value.get(1 + digits) == Some(&quote);
    (before.is_ascii_whitespace() && closed).then(|| at - 1..at + name.len() + digits + 3)
}

/// Where `needle` stands in `packet`.
fn places(packet: &[u8], needle: &[u8]) -> impl Iterator<Item = usize> {
    packet.windows(needle.len()).enumerate().filter_map(move |(at, window)| (window == needle).then_some(at))
}

/// A new packet of the properties on the list; `None` where there are none, or where the packet is not well-formed XML
/// in UTF-8.
pub(crate) fn filtered(packet: &[u8]) -> Option<Vec<u8>> {
    let root = tree::read(packet, LONGEST)?;
    let rdf = if root.is(RDF, "RDF") { &root } else { root.children.iter().find(|child| child.is(RDF, "RDF"))? };
    let mut kept: Vec<(usize, &str, String)> = Vec::new();
    for description in rdf.children.iter().filter(|child| child.is(RDF, "Description")) {
        let attributes = description.attributes.iter();
        let simple = attributes.map(|a| (a.namespace.as_str(), a.name.as_str(), Some(escaped(&a.value))));
        let elements = description.children.iter().map(|c| (c.namespace.as_str(), c.name.as_str(), value(c)));
        for (namespace, name, value) in simple.chain(elements) {
            let known =
                ALLOWED.iter().position(|Allowed(address, _, names)| *address == namespace && names.contains(&name));
            if let (Some(known), Some(value)) = (known, value)
                && !kept.iter().any(|(of, with, _)| (*of, *with) == (known, name))
            {
                kept.push((known, name, value));
            }
        }
    }
    kept.sort_by_key(|(known, _, _)| *known);
    (!kept.is_empty()).then(|| written(&kept).into_bytes())
}

/// A property's value as it is written again: text, or a list of texts.
fn value(property: &Element) -> Option<String> {
    let [list] = property.children.as_slice() else {
        return property.children.is_empty().then(|| escaped(&property.text)).filter(|text| !text.is_empty());
    };
    let kind = ["Alt", "Bag", "Seq"].into_iter().find(|kind| list.is(RDF, kind))?;
    let mut out = format!("<rdf:{kind}>");
    for item in list.children.iter().filter(|item| item.is(RDF, "li") && item.children.is_empty()) {
        let language = item.attributes.iter().find(|a| a.namespace == XML && a.name == "lang");
        let language = language.map(|a| format!(" xml:lang=\"{}\"", escaped(&a.value))).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(out, "<rdf:li{language}>{}</rdf:li>", escaped(&item.text));
    }
    Some(out + &format!("</rdf:{kind}>"))
}

fn written(kept: &[(usize, &str, String)]) -> String {
    let mut out = format!(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\"><rdf:Description rdf:about=\"\""
    );
    for (index, Allowed(address, prefix, _)) in ALLOWED.iter().enumerate() {
        if kept.iter().any(|(known, _, _)| *known == index) {
            let _ = write!(out, " xmlns:{prefix}=\"{address}\"");
        }
    }
    out.push('>');
    for (known, name, value) in kept {
        let Allowed(_, prefix, _) = ALLOWED[*known];
        let _ = write!(out, "<{prefix}:{name}>{value}</{prefix}:{name}>");
    }
    out + "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
