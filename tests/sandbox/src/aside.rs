//! What is served beside the systems: the control API and the page.
//!
//! Owns: where they are, who may ask for them, and asking the control from within. Never: an answer of theirs.
//!
//! Both have a port of their own, which is there while the network is gone; the control is beside the systems too, and `/`
//! there leads to the page. Listening on 127.0.0.1 does not keep a foreign web page out, whose visitor's browser is on this
//! machine: what such a page could send by another name of this machine or from another origin is refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::TryStreamExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use url::Url;

use crate::options::{Post, StartError};
use crate::shared::Shared;
use crate::wire::Via;
use crate::{control, page};

/// The path of the control API.
const CONTROL: &str = "/control";

/// What the port of the control serves.
pub(crate) fn of_its_own() -> Router<Arc<Shared>> {
    page::routes().nest(CONTROL, control::routes()).layer(from_fn(guard))
}

/// What the systems' port serves besides the systems.
pub(crate) fn beside_the_systems() -> Router<Arc<Shared>> {
    Router::new().route("/", get(to_the_page)).nest(CONTROL, control::routes()).layer(from_fn(guard))
}

/// The page is the control's: it must be there, and hear of requests, when the systems' port is as good as gone.
async fn to_the_page(State(shared): State<Arc<Shared>>) -> Response {
    let page = format!("{}/", shared.control.trim_end_matches(CONTROL));
    let body = format!("Fieldpost sandbox: the page is at {page}\n");
    (StatusCode::TEMPORARY_REDIRECT, [("location", page), ("cache-control", "no-store".to_owned())], body)
        .into_response()
}

/// A connection that brings such a request is not a client's; and not everybody may bring one.
async fn guard(request: Request, next: Next) -> Response {
    if let Some(Via(conn)) = request.extensions().get::<Via>() {
        conn.mark_control();
    }
    match is_ours(request.headers()) {
        true => next.run(request).await,
        false => {
            let why = "the control is asked by 127.0.0.1 or localhost, and not by pages of other origins";
            control::failure(StatusCode::FORBIDDEN, why)
        }
    }
}

/// Whether neither another name for this machine (a rebound one) nor a page from elsewhere has brought this request.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(header::HOST) else {
        return true; // no browser leaves it out
    };
    let told = Url::parse(&format!("http://{host}/")).ok();
    let is_local = told
        .as_ref()
        .and_then(Url::host_str)
        .is_some_and(|host| host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok());
    is_local && text(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"))
}

/// Asks the control from within; the error is what it says.
pub(crate) async fn post(shared: &Arc<Shared>, post: &Post) -> Result<(), StartError> {
    let refused = |detail: String| StartError::Post { path: post.path.clone(), detail };
    let path = format!("/{}", post.path.trim_start_matches('/'));
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(post.body.to_string()))
        .map_err(|e| refused(e.to_string()))?;
    let control = TowerToHyperService::new(control::routes().with_state(Arc::clone(shared)));
    let Ok(response) = control.call(request).await;
    if response.status().is_success() {
        return Ok(());
    }
    let status = response.status();
    let body: Vec<u8> = response
        .into_body()
        .into_data_stream()
        .try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
        .unwrap_or_default();
    let said = serde_json::from_slice::<serde_json::Value>(&body).ok();
    let said = said.and_then(|told| told.get("error")?.as_str().map(str::to_owned));
    Err(refused(said.unwrap_or_else(|| status.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_by_another_name_or_from_another_origin_is_not_ours() {
        let table = [
            (Some("127.0.0.1:4000"), None, true),
            (Some("localhost:4000"), Some("http://localhost:4000"), true),
            (Some("[::1]:4000"), None, true),
            (Some("10.0.2.2:4000"), None, true), // this machine, to an emulated phone
            (None, None, true),
            (Some("rebound.example:4000"), None, false),
            (Some("127.0.0.1:4000"), Some("http://127.0.0.1:9"), false),
            (Some("127.0.0.1:4000"), Some("null"), false),
            (Some("rebound.example"), Some("http://rebound.example"), false),
        ];
        for (host, origin, expected) in table {
            let mut headers = HeaderMap::new();
            let told = [(header::HOST, host), (header::ORIGIN, origin)];
            headers.extend(told.into_iter().filter_map(|(name, value)| Some((name, value?.parse().unwrap()))));
            assert_eq!(is_ours(&headers), expected, "{host:?} {origin:?}");
        }
    }
}
