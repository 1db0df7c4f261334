//! The page: files of this folder, served as they are.
//!
//! Owns: their paths, and the headers that keep foreign text from ever running. Never: puts anything into them; what a page
//! shows it asks the control for, and shows as text.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::shared::Shared;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// Path, type, content. No build step: what stands here is what a browser reads.
const FILES: [(&str, &str, &str); 17] = [
    ("/", HTML, include_str!("page/page.html")),
    ("/page/page.css", CSS, include_str!("page/page.css")),
    ("/page/views.css", CSS, include_str!("page/views.css")),
    ("/page/icon.svg", SVG, include_str!("page/icon.svg")),
    ("/page/main.js", SCRIPT, include_str!("page/main.js")),
    ("/page/control.js", SCRIPT, include_str!("page/control.js")),
    ("/page/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/page/orders.js", SCRIPT, include_str!("page/orders.js")),
    ("/page/systems.js", SCRIPT, include_str!("page/systems.js")),
    ("/page/folders.js", SCRIPT, include_str!("page/folders.js")),
    ("/page/requests.js", SCRIPT, include_str!("page/requests.js")),
    ("/page/switches.js", SCRIPT, include_str!("page/switches.js")),
    ("/page/faults.js", SCRIPT, include_str!("page/faults.js")),
    ("/page/settings.js", SCRIPT, include_str!("page/settings.js")),
    ("/page/connect.js", SCRIPT, include_str!("page/connect.js")),
    ("/page/readme.js", SCRIPT, include_str!("page/readme.js")),
    ("/readme", TEXT, include_str!("../README.md")),
];

/// Nothing but these files and the control; no markup made from text; no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    // Another sandbox may be at this address tomorrow.
    ("cache-control", "no-store"),
];

/// The routes of the page.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, content)| {
        let file = move || async move { (HEADERS, [("content-type", kind)], content).into_response() };
        router.route(path, get(file))
    })
}
