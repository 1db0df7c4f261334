//! `compress`: the imaging alone, from file to file. What stands at OUT is whole or not there at all.
//!
//! ```text
//! plan (which result goes where; what is refused) -> work (each photo, on so many threads) -> told (lines, summary)
//!                                                                                          -> compare (the page)
//! ```
//!
//! Never writes over a photo it was given, nor over a result of the same run; what stood at OUT before is replaced.

mod compare;
mod plan;
mod told;
mod work;

use fieldpost::StopSignal;
use fieldpost_imaging::Policy;

use self::compare::Page;
use self::plan::Plan;
use self::told::Teller;
use self::work::Work;
use super::deliver::stopped_by_hand;
use super::{Ended, Session};
use crate::args::CompressArgs;
use crate::failure::Failure;
use crate::render::progress::Sign;

pub(super) fn run(session: &Session, args: &CompressArgs) -> Ended {
    let plan = Plan::of(&args.from, &args.to)?;
    plan.make_folder()?;
    let json = session.out.is_json();
    let (stop, policy) = (StopSignal::new(), policy(args));
    let _listening = listen(&stop, json)?;
    let page = args.compare.as_deref().map(|page| Page::begin(page, &plan)).transpose()?;
    let (mut teller, mut outcomes) = (Teller::new(session.out, &plan), Vec::new());
    {
        let sign = Sign::bar(json, "making it fit");
        let work = Work::new(&plan, &policy, args, &stop, &sign);
        work.all(|at, outcome| {
            outcomes.push(sign.aside(|| teller.tell(&plan.jobs[at].from, outcome))?);
            Ok(())
        })?;
    }
    let exit = teller.end()?;
    if let Some(page) = page {
        page.write(args, &plan, &outcomes, &Sign::of(json, "comparing"), &stop)?;
    }
    Ok(exit)
}

/// What each result must be.
fn policy(args: &CompressArgs) -> Policy {
    let (exif, profile) = (args.exif.into(), args.profile.into());
    let mut policy = Policy { cap: Some(args.cap.0), max_edge: args.max_edge, exif, profile, ..Policy::default() };
    policy.min_edge = args.min_edge.unwrap_or(policy.min_edge);
    policy.quality = args.quality.unwrap_or(policy.quality);
    policy
}

/// Gives the signal at the first Ctrl-C, as long as what is returned lives: the result that is under way is removed then.
fn listen(stop: &StopSignal, json: bool) -> Result<impl Drop, Failure> {
    /// Does not wait for a Ctrl-C that never comes.
    struct Listening(Option<tokio::runtime::Runtime>);
    impl Drop for Listening {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(tokio::runtime::Runtime::shutdown_background);
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|e| {
        Failure::new("failed", format!("no thread to listen with: {e}"), "close other programs and try again")
    })?;
    runtime.spawn(stopped_by_hand(stop.clone(), json));
    Ok(Listening(Some(runtime)))
}
