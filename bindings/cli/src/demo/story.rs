//! The story itself: captured with no network, kept, delivered once.
//!
//! Owns the order of events and nothing else: all that is done here is done as an app would do it, by the outbox's public
//! calls; the only thing that knows about the sandbox is the one answer that is lost on purpose, and the check at the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fieldpost::{
    Capture, Conditions, Deliver, Filter, Item, Kind, Listening, Network, Photo, Reason, Signature, Summary, Text,
    WorkOrder,
};
use fieldpost_sandbox::{Fault, Operation, Rule, RuleId};

use super::props::Props;
use super::stage::Stage;
use super::teller::{Ending, Moment, Teller};
use super::unmade;
use super::verdict::Verdict;
use crate::failure::Failure;

/// A wait that ends within this time is sat out: a machine under load may miss a look.
const PATIENCE: Duration = Duration::from_secs(10);

/// So fast the line is, in bytes a second: slow enough to see the files go.
const LINE: u32 = 1_000_000;

/// Plays it on a stage that is set.
pub(super) async fn play(stage: &Stage, given: Vec<PathBuf>, teller: &Arc<dyn Teller>) -> Result<Ending, Failure> {
    let began = Instant::now();
    teller.tell(&Moment::Begins { jobs: &stage.jobs })?;
    let props = props(stage, given, teller).await?;

    capture(stage, &props, teller)?;
    offline(stage, teller).await?;
    let lost = online(stage, teller).await?;

    let verdict = Verdict::of(items(stage)?, &stage.sandbox.ledger(), stage.sandbox.leaks().len());
    teller.tell(&Moment::Verdict(&verdict))?;
    let lost_answers = lost.rule.map_or(0, |rule| stage.sandbox.hits(rule));
    let ending =
        Ending { summary: lost.summary, exactly_once: verdict.is_right(), lost_answers, took: began.elapsed() };
    teller.tell(&Moment::Ends { ending: &ending, kept: stage.kept() })?;
    Ok(ending)
}

/// Whatever happens to an item is told as it happens; ended by whoever tells what came of it, so that this comes after it.
fn listen(stage: &Stage, teller: &Arc<dyn Teller>) -> Listening {
    let told = Arc::clone(teller);
    stage.outbox.listen(move |event| {
        // A reader that went away is noticed at the next moment of the story.
        let _ = told.tell(&Moment::Happened(event));
    })
}

/// Made in the background: it is work for a second or two.
async fn props(stage: &Stage, given: Vec<PathBuf>, teller: &Arc<dyn Teller>) -> Result<Props, Failure> {
    teller.tell(&Moment::Making { photographs: given.is_empty() })?;
    let folder = stage.photos();
    let made = tokio::task::spawn_blocking(move || Props::make(&given, &folder)).await;
    let props = made.map_err(unmade)??;
    teller.tell(&Moment::Made { props: &props })?;
    Ok(props)
}

/// Photographs in turn to both systems; the customer's signature to the first, a note to the second.
fn capture(stage: &Stage, props: &Props, teller: &Arc<dyn Teller>) -> Result<(), Failure> {
    teller.tell(&Moment::Capturing)?;
    let [first, second] = &stage.jobs;
    let timed = |capture: Capture, order: &WorkOrder, from| -> Result<(), Failure> {
        let (listening, began) = (listen(stage, teller), Instant::now());
        let item = stage.outbox.capture(capture, order)?;
        let took = began.elapsed();
        listening.finish();
        Ok(teller.tell(&Moment::Captured { item: &item, from, took })?)
    };
    for (photograph, job) in props.photographs.iter().zip(stage.jobs.iter().cycle()) {
        let mut photo = Photo::new(&photograph.path).tag("demo");
        if let Some(name) = photograph.name {
            photo = photo.name(name);
        }
        if let Some(caption) = photograph.caption {
            photo = photo.caption(caption);
        }
        timed(photo.into(), &job.order, photograph.dimensions)?;
    }
    timed(Signature::png(&props.signature).caption("The customer, on site").into(), &first.order, None)?;
    timed(Text::new(props.note).name("note").into(), &second.order, None)
}

/// Delivery is asked for with no network: photographs are prepared, nothing is sent, nothing is lost.
async fn offline(stage: &Stage, teller: &Arc<dyn Teller>) -> Result<(), Failure> {
    teller.tell(&Moment::Preparing)?;
    let (listening, tokens) = (listen(stage, teller), stage.tokens());
    stage.outbox.deliver(&tokens).await?;
    listening.finish();
    teller.tell(&Moment::Queue { items: &items(stage)? })?;

    let began = Instant::now();
    let summary = stage.outbox.deliver(&tokens).await?;
    let took = began.elapsed();
    let (_, findings) = stage.outbox.check()?;
    Ok(teller.tell(&Moment::CameBack { summary: &summary, took, whole: findings.is_empty() })?)
}

/// How the delivery with a network ended.
struct Delivery {
    summary: Summary,
    /// The rule by which an answer was lost; none where there was no photograph to lose it for.
    rule: Option<RuleId>,
}

/// The network is back, and one answer is lost.
async fn online(stage: &Stage, teller: &Arc<dyn Teller>) -> Result<Delivery, Failure> {
    let system = stage.jobs[0].system;
    let items = items(stage)?;
    let goes = |item: &&Item| {
        item.account == stage.jobs[0].order.account
            && item.why.as_ref().is_none_or(|why| why.reason == Reason::NoNetwork)
    };
    let losing = items.iter().filter(goes).find(|item| item.kind == Kind::Photo);
    // The signature outranks the photographs: the system's second upload is the first photograph.
    let rule = losing.map(|_| {
        stage.sandbox.fault(Rule::new(Fault::LoseAnswer).on(system).operation(Operation::Upload).skip(1).times(1))
    });
    stage.sandbox.fault(Rule::new(Fault::Slow { bytes_per_second: LINE }).operation(Operation::Upload).forever());

    teller.tell(&Moment::Online { losing: losing.map(|item| item.name.as_str()) })?;
    let listening = listen(stage, teller);
    stage.outbox.set_conditions(Conditions { network: Network::Unmetered, ..Conditions::default() })?;
    let tokens = stage.tokens();
    let how = Deliver { patience: PATIENCE, ..Deliver::default() };
    let summary = stage.outbox.deliver_with(&tokens, how).await?;
    listening.finish();
    teller.tell(&Moment::Delivered)?;
    Ok(Delivery { summary, rule })
}

fn items(stage: &Stage) -> Result<Vec<Item>, Failure> {
    Ok(stage.outbox.items(&Filter::default())?)
}
