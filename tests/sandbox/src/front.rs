//! A request's way through the sandbox: routed, matched with faults, checked, read, processed, answered.
//!
//! Owns: the order of these steps and what each fault does to them. Never: a system's speech, or its state.
//!
//! ```text
//! head -> plan of faults -> token -> body (to disk) -> work order's faults -> system -> answer, or what is left of it
//!           | cut, early status        | cut               | 5xx, 429, 401, portal   | lost, cut, halved, late
//! ```
//!
//! Each exchange is a task of its own: a client that goes away after its last byte does not stop it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use crate::answer::{Portion, Reply, response};
use crate::clock::stamp;
use crate::dialect::Dialect;
use crate::fault::{Fault, Moment, RetryAfter};
use crate::intake::{self, BodyEnd, Intake, Reading};
use crate::log::{Credentials, RequestRecord, redacted};
use crate::provider::{Operation, Provider};
use crate::request::{Call, Form, Head, Request, percent_decoded};
use crate::rules::{Plan, Subject};
use crate::shared::{InProgress, Shared};
use crate::systems::{System, system};
use crate::wire::{Conn, Via};

/// Headers that carry credentials or name an account.
const CREDENTIAL_HEADERS: [&str; 3] = ["authorization", "master-account-id", "account-id"];

const PORTAL_PAGE: &str = "<!doctype html><html><head><title>Guest network</title></head>\
    <body><h1>Welcome</h1><p>Accept the terms to use this network.</p><form method=\"post\"><button>Accept</button></form></body></html>";

/// Where a request goes.
enum Target {
    System(Provider, Vec<String>),
    /// A temporary link: no credentials wanted.
    Link(Provider, String),
    /// A captive portal's own page.
    Portal,
    Nowhere,
}

fn target(path: &str) -> Target {
    let segments: Option<Vec<String>> = path.split('/').skip(1).map(percent_decoded).collect();
    let segments = segments.unwrap_or_default();
    match segments.split_first() {
        Some((first, [system, key])) if first == "links" => match system.parse() {
            Ok(provider) => Target::Link(provider, key.clone()),
            Err(_) => Target::Nowhere,
        },
        Some((first, [])) if first == "portal" => Target::Portal,
        Some((first, rest)) => match first.parse() {
            Ok(provider) => Target::System(provider, rest.to_vec()),
            Err(_) => Target::Nowhere,
        },
        None => Target::Nowhere,
    }
}

/// Everything on the systems' port but the control and the page.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    Extension(Via(conn)): Extension<Via>,
    request: axum::extract::Request,
) -> Response {
    // Counted here: once hyper lets the connection go, nothing else would tell of the task.
    let in_progress = InProgress::new(Arc::clone(&shared));
    let exchange = tokio::spawn(Exchange::run(shared, Arc::clone(&conn), in_progress, request));
    match exchange.await {
        Ok(Outcome::Answer(response)) => response,
        Ok(Outcome::Silence) => {
            conn.mute();
            Response::default()
        }
        Ok(Outcome::Cut) => {
            conn.cut();
            Response::default()
        }
        Err(_) => response(Reply::new(500, "text/plain", "the sandbox failed"), Portion::All, None, &conn),
    }
}

/// What becomes of an exchange.
enum Outcome {
    Answer(Response),
    /// No answer, and the connection is closed.
    Cut,
    /// No answer, and the connection stays.
    Silence,
}

struct Exchange {
    shared: Arc<Shared>,
    conn: Arc<Conn>,
    provider: Provider,
    head: Head,
    /// The documented operation, if it is one.
    call: Option<Call>,
    /// Set for a temporary link.
    link: Option<String>,
    plan: Plan,
    /// Counts the request for as long as it lasts, and numbers it.
    in_progress: InProgress,
}

impl Exchange {
    async fn run(
        shared: Arc<Shared>,
        conn: Arc<Conn>,
        in_progress: InProgress,
        request: axum::extract::Request,
    ) -> Outcome {
        let (parts, body) = request.into_parts();
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
        let (provider, segments, link) = match target(parts.uri.path()) {
            Target::System(provider, segments) => (provider, segments, None),
            Target::Link(provider, key) => (provider, vec![], Some(key)),
            Target::Portal => {
                return aside(&shared, &conn, in_progress.number, &parts.headers, "the portal's page", portal_page());
            }
            Target::Nowhere => {
                let nothing = Reply::new(404, "text/plain", "no system here");
                return aside(&shared, &conn, in_progress.number, &parts.headers, "a path of no system", nothing);
            }
        };
        let head = Head { method: parts.method, segments, query, headers: parts.headers };
        let call = Self::call(&shared, provider, &head, link.as_deref());
        let plan = shared.world().rules.plan(subject(provider, &head, call.as_ref(), None));
        let exchange = Self { shared, conn, provider, head, call, link, plan, in_progress };
        exchange.write_down(parts.uri.path());
        exchange.proceed(body).await
    }

    /// The documented operation, as far as the head tells.
    fn call(shared: &Shared, provider: Provider, head: &Head, link: Option<&str>) -> Option<Call> {
        let Some(key) = link else {
            return system(provider).identify(head);
        };
        let world = shared.world();
        let work_order = world.linked(provider, key, world.clock.now()).map(|e| e.work_order.clone());
        Some(Call { operation: Operation::Download, work_order })
    }

    /// Begins the request's record.
    fn write_down(&self, path: &str) {
        let mut world = self.shared.world();
        let record = RequestRecord {
            n: self.number(),
            connection: self.conn.number,
            time: stamp(world.clock.now()),
            system: Some(self.provider),
            operation: self.call.as_ref().map(|c| c.operation),
            work_order: self.call.as_ref().and_then(|c| c.work_order.as_deref()).map(|id| world.keys.blotted(id)),
            method: self.head.method.to_string(),
            path: redacted(path, &self.head.query, |text| world.keys.blotted(text)),
            credentials: Credentials::None,
            status: None,
            bytes: 0,
            whole: false,
            parts: vec![],
            problem: None,
            faults: self.plan.kinds(),
            done: false,
        };
        world.log.begin(record);
    }

    fn number(&self) -> u64 {
        self.in_progress.number
    }

    async fn proceed(self, body: axum::body::Body) -> Outcome {
        match &self.plan.decisive {
            Some(Fault::DropBeforeBody) => return Outcome::Cut,
            Some(fault @ Fault::Status { when: Moment::Early, .. }) => return self.answer(status_reply(fault)),
            _ => {}
        }
        let admitted = self.admit();
        let Intake { received, end } = self.read(body, admitted.is_ok()).await;
        let whole = matches!(end, BodyEnd::Whole(_));
        self.shared.world().log.amend(self.number(), |r| (r.bytes, r.whole) = (received, whole));
        let form = match end {
            BodyEnd::Whole(form) => form,
            BodyEnd::Cut | BodyEnd::ClientGone => return Outcome::Cut,
        };
        if let Some(outcome) = self.door() {
            return outcome;
        }
        match (admitted, form) {
            (Err(reply), _) => self.answer(reply),
            (Ok(_), Err(why)) => {
                let reply = self.system().malformed(&why, &self.dialect());
                let mut world = self.shared.world();
                let why = world.keys.blotted(&why);
                world.log.amend(self.number(), |r| r.problem = Some(why));
                drop(world);
                self.answer(reply)
            }
            (Ok(call), Ok(form)) => self.process(call, form),
        }
    }

    fn dialect(&self) -> Dialect {
        self.shared.world().dialect
    }

    fn system(&self) -> &'static dyn System {
        system(self.provider)
    }

    /// Judges the head: the documented call, or the answer that it gets instead.
    fn admit(&self) -> Result<Call, Reply> {
        let system = self.system();
        let mut world = self.shared.world();
        let token = system.token(&self.head);
        let owner = token.and_then(|t| world.keys.owner_of(t));
        let credentials = match (has_credentials(&self.head.headers) || token.is_some(), owner) {
            (false, _) => Credentials::None,
            (true, Some(owner)) if owner == self.provider => Credentials::Valid,
            (true, _) => Credentials::Refused,
        };
        world.log.amend(self.number(), |r| r.credentials = credentials);
        let time = stamp(world.clock.now());
        let queried = |(name, value): &(String, String)| {
            Some(name.as_str()) != system.token_parameter() && world.keys.owner_of(value).is_some()
        };
        let in_query = self.head.query.iter().any(queried);
        if in_query {
            world.log.leak(self.number(), time.clone(), "a token in a query that takes none".to_owned());
        }
        if self.link.is_some() {
            if credentials != Credentials::None {
                let what = format!("credentials to a temporary link of {}", self.provider);
                world.log.leak(self.number(), time, what);
            }
            return self.call.clone().ok_or_else(|| system.unknown(&world.dialect));
        }
        if let Some(other) = owner.filter(|o| *o != self.provider) {
            world.log.leak(self.number(), time, format!("the token of {other} to {}", self.provider));
        }
        let dialect = world.dialect;
        drop(world);
        if credentials != Credentials::Valid {
            return Err(system.unauthorized(&dialect));
        }
        match system.admit(&self.head) {
            Some(reply) => Err(reply),
            None => self.call.clone().ok_or_else(|| system.unknown(&dialect)),
        }
    }

    async fn read(&self, body: axum::body::Body, wanted: bool) -> Intake {
        let text = |name: header::HeaderName| self.head.headers.get(name).and_then(|v| v.to_str().ok());
        let announced = text(header::CONTENT_LENGTH).and_then(|v| v.parse::<u64>().ok());
        let cut_after = match &self.plan.decisive {
            Some(Fault::DropInBody { after_bytes }) => Some(after_bytes.unwrap_or(announced.unwrap_or(0) / 2)),
            _ => None,
        };
        let spool = self.shared.world().spool();
        let how = Reading {
            content_type: text(header::CONTENT_TYPE),
            file_part: self.system().file_part(),
            spool: &spool,
            announced,
            wanted,
            bytes_per_second: self.plan.pace(),
            cut_after,
        };
        intake::read(body, how).await
    }

    /// What the plan answers with nothing processed; `None`: it lets the request in.
    fn door(&self) -> Option<Outcome> {
        match self.plan.decisive.as_ref()? {
            Fault::DropBeforeBody | Fault::DropInBody { .. } | Fault::DropAfterBody => Some(Outcome::Cut),
            fault @ Fault::Status { when: Moment::Early | Moment::Before, .. } => {
                Some(self.answer(status_reply(fault)))
            }
            Fault::TooManyRequests { retry_after } => Some(self.answer(self.too_many(*retry_after))),
            Fault::Unauthorized { .. } => {
                self.shared.world().log.amend(self.number(), |r| r.credentials = Credentials::Refused);
                Some(self.answer(self.system().unauthorized(&self.dialect())))
            }
            Fault::CaptivePortal { redirect: false } => Some(self.answer(portal_page())),
            Fault::CaptivePortal { redirect: true } => {
                let location = format!("{}/portal", self.shared.world().origin);
                Some(self.answer(Reply::new(302, "text/html", "").with("location", location)))
            }
            _ => None,
        }
    }

    fn too_many(&self, retry_after: RetryAfter) -> Reply {
        let wait = match retry_after {
            RetryAfter::Absent => None,
            RetryAfter::Seconds(seconds) | RetryAfter::DateIn(seconds) => Some(seconds),
        };
        let reply = self.system().too_many(wait);
        match retry_after {
            RetryAfter::Absent => reply,
            RetryAfter::Seconds(seconds) => reply.with("retry-after", seconds.to_string()),
            RetryAfter::DateIn(seconds) => {
                let at = self.shared.world().clock.now() + std::time::Duration::from_secs(seconds.into());
                reply.with("retry-after", httpdate::fmt_http_date(at))
            }
        }
    }

    /// Hands the request to its system, now or later.
    fn process(mut self, call: Call, form: Form) -> Outcome {
        if let Some(key) = &self.link {
            let reply = self.linked(key);
            return self.answer_processed(reply);
        }
        let mut request = Request {
            system: self.provider,
            head: self.head.clone(),
            call,
            form,
            number: self.number(),
            connection: self.conn.number,
            traits: vec![],
        };
        self.learn_work_order(&mut request);
        if let Some(outcome) = self.door() {
            return outcome;
        }
        request.traits = self.plan.traits.clone();
        let mut world = self.shared.world();
        if let Some(Fault::AcceptLate { after, status }) = self.plan.decisive {
            world.park(request, after);
            drop(world);
            return match status {
                Some(status) => self.answer(Reply::new(status, "text/plain", "")),
                None => Outcome::Cut,
            };
        }
        let now = world.clock.now();
        let reply = self.system().handle(&mut request, &mut world, now);
        drop(world);
        let reply = reply.unwrap_or_else(|e| Reply::new(500, "text/plain", format!("the sandbox's disk: {e}")));
        self.answer_processed(reply)
    }

    /// Where the work order stands in the body, the faults that ask for one come only now.
    fn learn_work_order(&mut self, request: &mut Request) {
        let mut world = self.shared.world();
        if request.call.work_order.is_none() {
            request.call.work_order = self.system().work_order_in(request);
            if self.plan.decisive.is_none() && request.call.work_order.is_some() {
                let late = world.rules.plan_by_work_order(subject(
                    self.provider,
                    &self.head,
                    Some(&request.call),
                    request.call.work_order.as_deref(),
                ));
                self.plan.decisive = late.decisive;
                self.plan.traits.extend(late.traits);
            }
        }
        let parts = request.form.records(|text| world.keys.blotted(text));
        let work_order = request.call.work_order.as_deref().map(|id| world.keys.blotted(id));
        let faults = self.plan.kinds();
        world.log.amend(self.number(), |r| (r.work_order, r.parts, r.faults) = (work_order, parts, faults));
    }

    fn linked(&self, key: &str) -> Reply {
        let world = self.shared.world();
        match world.linked(self.provider, key, world.clock.now()) {
            Some(entry) => world.bytes_of(entry),
            None => Reply::new(403, "text/plain", "The link has expired."),
        }
    }

    /// Answers a processed request, as far as its faults let the answer through.
    fn answer_processed(&self, reply: Reply) -> Outcome {
        let portion = match &self.plan.decisive {
            Some(Fault::LoseAnswer) => return Outcome::Cut,
            Some(Fault::Silence) => return Outcome::Silence,
            Some(fault @ Fault::Status { when: Moment::After, .. }) => return self.answer(status_reply(fault)),
            Some(Fault::TruncateAnswer { keep_bytes }) => Portion::Cut(*keep_bytes),
            Some(Fault::HalfAnswer) => Portion::Half,
            _ => Portion::All,
        };
        self.send(reply, portion)
    }

    fn answer(&self, reply: Reply) -> Outcome {
        self.send(reply, Portion::All)
    }

    fn send(&self, reply: Reply, portion: Portion) -> Outcome {
        self.shared.world().log.amend(self.number(), |r| r.status = Some(reply.status));
        Outcome::Answer(response(reply, portion, self.plan.pace(), &self.conn))
    }
}

fn subject<'a>(provider: Provider, head: &'a Head, call: Option<&'a Call>, work_order: Option<&'a str>) -> Subject<'a> {
    Subject {
        system: provider,
        operation: call.map(|c| c.operation),
        work_order: work_order.or_else(|| call.and_then(|c| c.work_order.as_deref())),
        token: system(provider).token(head).map(|t| Sha256::digest(t.as_bytes()).into()),
    }
}

fn has_credentials(headers: &HeaderMap) -> bool {
    CREDENTIAL_HEADERS.iter().any(|name| headers.contains_key(*name))
}

/// A request that is no system's: answered, and looked at for credentials.
fn aside(shared: &Shared, conn: &Arc<Conn>, number: u64, headers: &HeaderMap, place: &str, reply: Reply) -> Outcome {
    if has_credentials(headers) {
        let mut world = shared.world();
        let time = stamp(world.clock.now());
        world.log.leak(number, time, format!("credentials to {place}"));
    }
    Outcome::Answer(response(reply, Portion::All, None, conn))
}

fn portal_page() -> Reply {
    Reply::new(200, "text/html; charset=utf-8", PORTAL_PAGE)
}

fn status_reply(fault: &Fault) -> Reply {
    match fault {
        Fault::Status { status, headers, body, .. } => {
            let mut reply = Reply::new(*status, "text/plain; charset=utf-8", body.clone());
            if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                reply.headers.clear();
            }
            reply.headers.extend(headers.iter().cloned());
            reply
        }
        _ => Reply::new(500, "text/plain", "not a status"),
    }
}
