//! Serial's shapes: the work order with its attachments is what every answer is.

use super::*;

/// The user that we act as.
pub(crate) const USER: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";

/// What an upload says: its work order, its name, and of a text what that says.
pub(super) fn upload(request: &Request) -> Option<(String, String, Option<String>)> {
    let Body::Multipart(parts) = &request.body else { return None };
    let metadata: serde_json::Value = serde_json::from_str(&text(parts, "metadata")?).ok()?;
    let segments: Vec<_> = request.url.path_segments()?.collect();
    let ["work-orders", work_order, "attachments"] = segments.as_slice() else { return None };
    let field = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
    let is_text = metadata["type"] == "TEXT";
    let (name, value) = if is_text { (field("name"), Some(field("value"))) } else { (field("file_name"), None) };
    (metadata["added_by_user_id"] == USER).then(|| ((*work_order).to_owned(), name, value))
}

/// The work order, with `entries` in it.
pub(super) fn work_order(id: &str, entries: &[&Entry], naming: Naming) -> Answer {
    let attachments: Vec<_> = entries
        .iter()
        .map(|e| {
            let (name, value) = match e.is_text {
                true => (None, Some(String::from_utf8_lossy(&e.content))),
                false => (Some(naming.listed(e)), None),
            };
            json!({
                "dataset_id": e.remote_id, "file_name": name, "value": value, "added_by_user_id": e.by,
                "is_deleted": e.deleted
            })
        })
        .collect();
    answer(200, &json!({"id": format!("uuid of {id}"), "wo_number": 7, "attachments": attachments}))
}
