//! The control API: JSON over HTTP, on a port of its own and, beside the systems, under `/control`.
//!
//! Owns: the spelling of that API (README.md documents it). Never: a rule of its own; the Rust handle does the same.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::stamp;
use crate::dialect::Dialect;
use crate::entry::Entry;
use crate::events;
use crate::folders::FolderRules;
use crate::picture::{self, Picture};
use crate::provider::{Provider, WorkOrderState};
use crate::rules::{Rule, RuleId};
use crate::sandbox::Actions;
use crate::seconds;
use crate::shared::Shared;
use crate::wire::Network;

type Here = State<Arc<Shared>>;

/// A body, or why it is none.
type Given<T> = Result<Json<T>, JsonRejection>;

/// The routes below `/control`.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/listening", get(|s: Here| async move { Json(s.listening()) }))
        .route("/state", get(state))
        .route("/events", get(|s: Here| async move { events::follow(&s) }))
        .route("/ledger", get(ledger))
        .route("/entries", get(entries))
        .route("/entries/{system}/{work_order}/{id}", get(bytes))
        .route("/entries/{system}/{work_order}/{id}/picture", get(picture))
        .route("/requests", get(requests))
        .route("/leaks", get(|s: Here| async move { Json(s.world().log.leaks().to_vec()) }))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/network", get(network).post(set_network))
        .route("/clock", get(clock).post(advance))
        .route("/tokens", get(tokens).post(set_tokens))
        .route("/tokens/rotate", post(rotate))
        .route("/tokens/expire", post(expire_tokens))
        .route("/links/expire", post(expire_links))
        .route("/work_orders", get(|s: Here| async move { Json(s.world().work_orders.clone()) }).post(set_work_order))
        .route("/office/rename", post(rename))
        .route("/office/delete", post(remove))
        .route("/folders", get(folders).post(make_folder))
        .route("/folders/rules", post(set_folder_rules))
        .route("/folders/delete", post(remove_folder))
        .route("/dialect", get(|s: Here| async move { Json(s.world().dialect) }).post(set_dialect))
        .route("/reset", post(reset))
        .route("/stop", post(stop))
        .fallback(|| async { failure(StatusCode::NOT_FOUND, "the control knows no such path") })
}

/// An answer that says what is wrong.
pub(crate) fn failure(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({"error": message.into()}))).into_response()
}

fn done() -> Response {
    Json(json!({"done": true})).into_response()
}

/// Calls `act` with the body; says what is wrong with it otherwise.
fn with<T>(given: Given<T>, act: impl FnOnce(T) -> Response) -> Response {
    match given {
        Ok(Json(given)) => act(given),
        Err(wrong) => failure(StatusCode::BAD_REQUEST, wrong.body_text()),
    }
}

async fn state(State(shared): Here) -> Response {
    match off_the_runtime(move || Ok(shared.state())).await {
        Ok(state) => Json(state).into_response(),
        Err(failed) => failed,
    }
}

/// Does what waits for the pump, which runs on this same runtime: a worker must not stand still for it.
async fn off_the_runtime<T: Send + 'static>(
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Response> {
    let done = tokio::task::spawn_blocking(act).await.map_err(std::io::Error::from).and_then(|done| done);
    done.map_err(|e| failure(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))
}

#[derive(Deserialize)]
struct Filter {
    system: Option<Provider>,
    work_order: Option<String>,
}

impl Filter {
    fn lets(&self, system: Provider, work_order: &str) -> bool {
        let canonical = |id| crate::systems::system(system).work_order_id(id);
        self.system.is_none_or(|s| s == system) && self.work_order.as_deref().is_none_or(|w| canonical(w) == work_order)
    }
}

async fn ledger(State(shared): Here, Query(filter): Query<Filter>) -> Response {
    let world = shared.world();
    Json(world.ledger().iter().filter(|e| filter.lets(e.system, &e.work_order)).collect::<Vec<_>>()).into_response()
}

/// An entry, and what it is to the eye.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    /// The media type of its picture, if it is one that a browser shows.
    picture: Option<&'static str>,
}

async fn entries(State(shared): Here, Query(filter): Query<Filter>) -> Response {
    let world = shared.world();
    let wanted = world.entries().iter().filter(|e| filter.lets(e.system, &e.work_order));
    let shown = |entry| Shown { entry, picture: Picture::at(&world.stored_at(entry)).map(Picture::media_type) };
    Json(wanted.map(shown).collect::<Vec<_>>()).into_response()
}

async fn bytes(State(shared): Here, Path((system, work_order, id)): Path<(Provider, String, String)>) -> Response {
    match shared.file(system, &work_order, &id) {
        // Never shown as anything but a download: the bytes are a stranger's.
        Some(bytes) => {
            let download = [("content-type", "application/octet-stream"), ("content-disposition", "attachment")];
            (picture::HARMLESS, [("cache-control", "no-store")], download, bytes).into_response()
        }
        None => failure(StatusCode::NOT_FOUND, "no such entry"),
    }
}

async fn picture(State(shared): Here, Path((system, work_order, id)): Path<(Provider, String, String)>) -> Response {
    let bytes = shared.file(system, &work_order, &id).unwrap_or_default();
    match Picture::of(&bytes) {
        Some(picture) => {
            // A page asks for it with a piece of its hash: another picture is another address.
            let kept = [("cache-control", "private, max-age=3600")];
            let shown = [("content-type", picture.media_type()), ("content-disposition", "inline")];
            (picture::HARMLESS, kept, shown, bytes).into_response()
        }
        None => failure(StatusCode::NOT_FOUND, "no such entry, or no picture that a browser shows"),
    }
}

#[derive(Deserialize)]
struct Newest {
    /// So many at most; all without it.
    last: Option<usize>,
}

async fn requests(State(shared): Here, Query(newest): Query<Newest>) -> Response {
    let world = shared.world();
    let records = world.log.records();
    let skipped = newest.last.map_or(0, |last| records.len().saturating_sub(last));
    Json(records.skip(skipped).collect::<Vec<_>>()).into_response()
}

async fn faults(State(shared): Here) -> Response {
    Json(shared.world().rules.list()).into_response()
}

async fn add_fault(State(shared): Here, given: Given<Rule>) -> Response {
    with(given, |rule| match rule.complaint() {
        Some(complaint) => failure(StatusCode::BAD_REQUEST, complaint),
        None => Json(json!({"id": shared.world().rules.add(rule)})).into_response(),
    })
}

async fn clear_faults(State(shared): Here) -> Response {
    shared.world().rules.clear();
    done()
}

async fn remove_fault(State(shared): Here, Path(id): Path<u64>) -> Response {
    match shared.world().rules.remove(RuleId(id)) {
        true => done(),
        false => failure(StatusCode::NOT_FOUND, "no such fault"),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkBody {
    network: Network,
}

async fn network(State(shared): Here) -> Response {
    Json(NetworkBody { network: shared.world().network }).into_response()
}

async fn set_network(State(shared): Here, given: Given<NetworkBody>) -> Response {
    let network = match given {
        Ok(Json(given)) => given.network,
        Err(wrong) => return failure(StatusCode::BAD_REQUEST, wrong.body_text()),
    };
    off_the_runtime(move || shared.set_network(network)).await.map_or_else(|failed| failed, |()| done())
}

async fn clock(State(shared): Here) -> Response {
    Json(json!({"clock": stamp(shared.world().clock.now())})).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(with = "seconds")]
    advance_seconds: Duration,
}

async fn advance(State(shared): Here, given: Given<Advance>) -> Response {
    with(given, |by| {
        let now = {
            let mut world = shared.world();
            world.advance(by.advance_seconds);
            stamp(world.clock.now())
        };
        Json(json!({"clock": now})).into_response()
    })
}

async fn tokens(State(shared): Here) -> Response {
    Json(shared.world().keys.tokens()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensBody {
    system: Provider,
    tokens: Vec<String>,
}

async fn set_tokens(State(shared): Here, given: Given<TokensBody>) -> Response {
    with(given, |given| {
        shared.world().keys.set_tokens(given.system, given.tokens);
        done()
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemBody {
    system: Provider,
}

async fn rotate(State(shared): Here, given: Given<SystemBody>) -> Response {
    with(given, |given| Json(json!({"token": shared.rotate_token(given.system)})).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpiryBody {
    system: Provider,
    /// At once without it.
    #[serde(default, with = "seconds")]
    after_seconds: Duration,
}

async fn expire_tokens(State(shared): Here, given: Given<ExpiryBody>) -> Response {
    with(given, |given| {
        shared.expire_tokens(given.system, given.after_seconds);
        done()
    })
}

async fn expire_links(State(shared): Here) -> Response {
    shared.world().keys.end_links();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkOrderBody {
    system: Provider,
    work_order: String,
    /// `None`: there is no such work order.
    state: Option<WorkOrderState>,
}

async fn set_work_order(State(shared): Here, given: Given<WorkOrderBody>) -> Response {
    with(given, |given| {
        shared.set_work_order(given.system, &given.work_order, given.state);
        done()
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryBody {
    system: Provider,
    work_order: String,
    remote_id: String,
    /// For a renaming.
    name: Option<String>,
}

async fn rename(State(shared): Here, given: Given<EntryBody>) -> Response {
    with(given, |given| match &given.name {
        Some(name) => found(shared.office_rename(given.system, &given.work_order, &given.remote_id, name)),
        None => failure(StatusCode::BAD_REQUEST, "name is missing"),
    })
}

async fn remove(State(shared): Here, given: Given<EntryBody>) -> Response {
    with(given, |given| found(shared.office_delete(given.system, &given.work_order, &given.remote_id)))
}

async fn folders(State(shared): Here, Query(filter): Query<Filter>) -> Response {
    let mut folders = shared.world().all_folders();
    folders.retain(|folder| filter.lets(folder.system, &folder.work_order));
    Json(folders).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFolderBody {
    system: Provider,
    work_order: String,
    name: String,
}

async fn make_folder(State(shared): Here, given: Given<NewFolderBody>) -> Response {
    with(given, |given| match shared.office_folder(given.system, &given.work_order, &given.name) {
        Ok(Some(id)) => Json(json!({"id": id})).into_response(),
        Ok(None) => failure(StatusCode::NOT_FOUND, "no such work order, or no folders in this system"),
        Err(e) => failure(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderBody {
    system: Provider,
    work_order: String,
    folder: String,
    /// For its rules.
    rules: Option<FolderRules>,
}

async fn set_folder_rules(State(shared): Here, given: Given<FolderBody>) -> Response {
    with(given, |given| {
        let rules = given.rules.unwrap_or_default();
        found(Ok(shared.set_folder_rules(given.system, &given.work_order, &given.folder, rules)))
    })
}

async fn remove_folder(State(shared): Here, given: Given<FolderBody>) -> Response {
    with(given, |given| found(shared.office_delete_folder(given.system, &given.work_order, &given.folder)))
}

fn found(result: std::io::Result<bool>) -> Response {
    match result {
        Ok(true) => done(),
        Ok(false) => failure(StatusCode::NOT_FOUND, "no such entry or folder"),
        Err(e) => failure(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
    }
}

async fn set_dialect(State(shared): Here, given: Given<Dialect>) -> Response {
    with(given, |dialect| {
        shared.world().dialect = dialect;
        done()
    })
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ResetBody {
    /// Also forget everything accepted.
    accepted: bool,
}

async fn reset(State(shared): Here, given: Given<ResetBody>) -> Response {
    let accepted = match given {
        Ok(Json(given)) => given.accepted,
        Err(wrong) => return failure(StatusCode::BAD_REQUEST, wrong.body_text()),
    };
    off_the_runtime(move || shared.reset(accepted)).await.map_or_else(|failed| failed, |()| done())
}

async fn stop(State(shared): Here) -> Response {
    shared.stop();
    done()
}
