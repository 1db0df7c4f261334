//! Reading the systems' JSON with tolerance: any order of fields, any case of their names, unknown ones skipped, `null` as
//! absent, a byte order mark, an id as text or number. What is not there is `None`; what a `None` means is the caller's to say.

use serde_json::{Map, Value};

use crate::model::{Answer, RemoteId, Timestamp};

/// The longest id that is believed. The systems document 32 and 36.
const LONGEST_ID: usize = 128;

/// The answer's body as JSON. Its length is bounded by [`ANSWER_LIMIT`](crate::ANSWER_LIMIT), its depth by `serde_json`.
pub(super) fn value(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(without_mark(answer.bytes())).ok()
}

/// The answer's body as a JSON object.
pub(super) fn object(answer: &Answer) -> Option<Map<String, Value>> {
    match value(answer)? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// `bytes` without the byte order mark that some servers put before their JSON.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The field called `name`; the exact spelling wins over another case. `null` counts as absent.
pub(super) fn field<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// A text field.
pub(super) fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    field(map, name)?.as_str()
}

/// The name of a listed file, `Some(None)` where there is none; `None`: it is no text, the list cannot be read.
pub(super) fn name(map: &Map<String, Value>, name: &str) -> Option<Option<String>> {
    match field(map, name) {
        Some(Value::String(name)) => Some(Some(name.clone())),
        Some(_) => None,
        None => Some(None),
    }
}

/// A text field that says something.
pub(super) fn said(map: &Map<String, Value>, name: &str) -> Option<String> {
    text(map, name).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// A moment: RFC 3339, or `2023-09-26 12:29:09`, which the systems that write it say to be UTC.
pub(super) fn moment(map: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let text = text(map, name)?.trim();
    text.parse().or_else(|_| format!("{}Z", text.replacen(' ', "T", 1)).parse()).ok()
}

/// A whole number, also one that was written as text.
pub(super) fn number(map: &Map<String, Value>, name: &str) -> Option<u64> {
    match field(map, name)? {
        Value::Number(n) => n.as_u64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
}

/// An id: text or a whole number.
pub(super) fn id(map: &Map<String, Value>, name: &str) -> Option<RemoteId> {
    let id = match field(map, name)? {
        Value::String(s) => s.clone(),
        Value::Number(n) if n.is_u64() => n.to_string(),
        _ => return None,
    };
    sound(id)
}

/// `id`, if it can be one.
pub(super) fn sound(id: String) -> Option<RemoteId> {
    let sound = !id.trim().is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
    sound.then_some(RemoteId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_field_is_found_whatever_its_case_and_the_exact_one_wins() {
        let m = map(r#"{"attachmentid": "a", "AttachmentId": "b", "SIZE": "17", "Name": null}"#);
        assert_eq!(id(&m, "AttachmentId"), Some(RemoteId("b".into())));
        assert_eq!(number(&m, "Size"), Some(17));
        assert_eq!(text(&m, "Name"), None);
    }

    #[test]
    fn an_id_is_text_or_a_whole_number_and_nothing_else() {
        for (text, wanted) in [
            (r#"{"id": 17}"#, Some("17")),
            (r#"{"id": "x y"}"#, Some("x y")),
            (r#"{"id": " "}"#, None),
            (r#"{"id": ""}"#, None),
            (r#"{"id": "a\nb"}"#, None),
            (r#"{"id": 1.5}"#, None),
            (r#"{"id": -1}"#, None),
            (r#"{"id": true}"#, None),
            (r#"{"id": ["a"]}"#, None),
            (r#"{"id": null}"#, None),
            (r#"{}"#, None),
        ] {
            assert_eq!(id(&map(text), "id").map(|id| id.0).as_deref(), wanted, "{text}");
        }
        assert_eq!(id(&map(&format!(r#"{{"id": "{}"}}"#, "x".repeat(129))), "id"), None);
    }
}
