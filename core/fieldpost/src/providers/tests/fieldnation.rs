//! What the tests of all systems share, of Field Nation.

use serde_json::{Value, json};

use super::{FILE, LINK, Rng, snapshot};
use crate::model::{Bytes, Operation, ProviderKind, RemoteId, Snapshot};

/// The same upload to Field Nation.
pub(in crate::providers) fn to_field_nation() -> Snapshot {
    Snapshot {
        provider: ProviderKind::FieldNation,
        base_url: "https://api-sandbox.fndev.net/api/rest/v2".into(),
        settings: Default::default(),
        ..snapshot()
    }
}

/// A change of the file `7/8` at Field Nation.
pub(in crate::providers) fn change_at_field_nation(operation: Operation) -> Snapshot {
    let changes = [("notes".to_owned(), "Clear image".to_owned())].into();
    Snapshot { operation, bytes: Bytes(0), about: Some(RemoteId("7/8".into())), changes, ..to_field_nation() }
}

/// Field Nation's whole work order, or its list, with the folder 7, `Misc`, and in it the file 8 by this name.
pub(in crate::providers) fn one_file(name: &str, bytes: usize) -> String {
    let file = json!({"id": 8, "file": {"name": name, "size_bytes": bytes}, "notes": ""});
    let folder = json!({"id": 7, "name": "Misc", "metadata": {"total": 1, "page": 1, "pages": 1}, "results": [file]});
    let list = json!({"metadata": {"total": 1, "page": 1, "pages": 1}, "results": [folder]});
    json!({"id": 10234, "attachments": list}).to_string()
}

/// A list of Field Nation's, or a whole work order, with some of it other than it should be.
pub(super) fn folders(rng: &mut Rng, sent: &Snapshot, values: &[Value]) -> Value {
    let or_odd = |rng: &mut Rng, value: Value| if rng.below(12) == 0 { rng.of(values) } else { value };
    let told = |rng: &mut Rng| {
        let (total, page, pages) = (json!(rng.below(3)), json!(rng.below(2)), json!(rng.below(4)));
        json!({"total": or_odd(rng, total), "page": or_odd(rng, page), "pages": or_odd(rng, pages)})
    };
    let results: Vec<Value> = (0..rng.below(3))
        .map(|_| {
            let files: Vec<Value> = (0..rng.below(3))
                .map(|_| {
                    let name = json!(rng.of(&[sent.name.clone(), "plan.pdf".to_owned(), sent.name.to_uppercase()]));
                    let size = json!(rng.of(&[FILE.len(), FILE.len(), 1]));
                    let (name, size, id) = (or_odd(rng, name), or_odd(rng, size), json!(rng.below(9)));
                    let file = json!({"name": name, "size_bytes": size, "link": LINK});
                    json!({"id": or_odd(rng, id), "file": or_odd(rng, file)})
                })
                .collect();
            let (name, id, actions) =
                (rng.of(&["Misc", "misc", "Documents"]), json!(7 + rng.below(3)), json!(["upload"]));
            json!({"id": or_odd(rng, id), "name": name, "results": or_odd(rng, json!(files)), "metadata": told(rng),
                "actions": or_odd(rng, actions), "max_files": rng.of(&[json!(null), json!(99), json!(1)])})
        })
        .collect();
    let list = json!({"results": or_odd(rng, json!(results)), "metadata": told(rng)});
    if rng.below(2) == 0 { json!({"id": 1, "attachments": or_odd(rng, list)}) } else { list }
}

/// The ids of the files in a work order of Field Nation's that have our name and, where that is told, our size.
pub(super) fn ids_of_ours(sent: &Snapshot, bytes: &[u8]) -> std::collections::BTreeSet<String> {
    let whole: Value = serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).unwrap();
    let list = if whole["attachments"].is_object() { &whole["attachments"] } else { &whole };
    let number = |v: &Value| v.as_u64().or_else(|| v.as_str()?.trim().parse().ok());
    let files = |folder: &Value| folder["results"].as_array().cloned().unwrap_or_default();
    let is_ours = |file: &Value| {
        let name = file["file"]["name"].as_str().unwrap_or_default().to_lowercase();
        let size = number(&file["file"]["size_bytes"]);
        name.contains(&sent.marker.to_string()) && size.is_none_or(|size| size == sent.bytes.0)
    };
    let all = list["results"].as_array().into_iter().flatten();
    all.flat_map(|folder| files(folder).into_iter().map(move |file| (folder["id"].clone(), file)))
        .filter(|(_, file)| is_ours(file))
        .filter_map(|(folder, file)| Some(format!("{}/{}", number(&folder)?, number(&file["id"])?)))
        .collect()
}
