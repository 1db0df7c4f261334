//! Field Nation's signatures: the two shapes that its pages show, which agree in `name` only.

use std::collections::BTreeMap;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::{ACTING_USER, Answer, Job, ME, json, whole};
use crate::dialect::SignatureShapes;
use crate::entry::Entry;
use crate::intake::spool_bytes;
use crate::request::Request;
use crate::world::{NewFile, World};

const FORMAT: &str = "image/png";
const DATA_URL: &str = "data:image/png;base64,";
/// The field that tells a signature from a file.
const TITLE: &str = "signature_title";

/// Whether it is one.
pub(super) fn is_signature(entry: &Entry) -> bool {
    entry.fields.contains_key(TITLE)
}

/// The picture as the list has it.
pub(super) fn data_url(bytes: &[u8]) -> String {
    format!("{DATA_URL}{}", STANDARD.encode(bytes))
}

pub(super) fn add(request: &Request, world: &mut World, job: &Job, now: SystemTime) -> Answer {
    let object = json(request)?;
    let name = text(&object, "name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Refusal::validation("name is required"))?.to_owned();
    let encoded = picture(&object, world.dialect.field_nation.signatures)?;
    let bytes = STANDARD.decode(encoded).ok().filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(|| Refusal::validation("the signature is not base64"))?;
    let title = text(&object, "title")?.unwrap_or_default().to_owned();
    let mut fields = BTreeMap::from([(TITLE.to_owned(), title)]);
    if let Some(user) = &job.acting_user {
        fields.insert(ACTING_USER.to_owned(), user.clone());
    }
    let file = spool_bytes(&bytes, &world.spool())?;
    let new = NewFile { work_order: job.work_order.clone(), name, request_id: None, fields, file };
    let mut next = world.next_number(ME)..;
    world.accept(request, new, || next.next().unwrap_or_default().to_string(), now)?;
    whole(request, world, job, now)
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::validation(format!("{name} is not a text"))),
    }
}

/// The picture's base64, of whichever shape is taken.
fn picture(object: &Map<String, Value>, shapes: SignatureShapes) -> Result<&str, Refusal> {
    let (format, data, url) = (text(object, "format")?, text(object, "data")?, text(object, "signature")?);
    match (format, data, url) {
        (Some(FORMAT), Some(data), None) if shapes != SignatureShapes::DataUrl => Ok(data),
        (None, None, Some(url)) if shapes != SignatureShapes::Format => {
            url.strip_prefix(DATA_URL).ok_or_else(|| Refusal::validation("signature is not a data URL of image/png"))
        }
        _ => Err(Refusal::validation("the signature is not in a shape that is taken")),
    }
}
