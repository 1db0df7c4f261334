//! Where the demo plays: a folder, the simulated systems, an outbox with an account at each of them.
//!
//! Owns what is set up before the story and cleaned up after it, also when it ends early. Tells no story.

use std::fs;
use std::path::{Path, PathBuf};

use fieldpost::{Account, Conditions, Network, Options, Outbox, WorkOrder};
use fieldpost_sandbox::{Listening, Provider, Sandbox};
use tempfile::TempDir;

use super::unwritten;
use crate::failure::Failure;

/// A work order of one of the simulated systems.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) system: Provider,
    pub(super) title: &'static str,
    pub(super) order: WorkOrder,
}

/// Everything that is set up. Dropped in this order: the systems stop, the outbox closes, the folder goes.
pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    pub(super) outbox: Outbox,
    pub(super) jobs: [Job; 2],
    folder: Folder,
}

/// Where the files lie.
#[derive(Debug)]
enum Folder {
    /// Gone with the demo.
    Temporary(TempDir),
    /// Asked for: stays.
    Kept(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Folder::Temporary(dir) => dir.path(),
            Folder::Kept(dir) => dir,
        }
    }
}

const ACCOUNTS: [(&str, Provider, &str); 2] =
    [("acme", Provider::CorrigoPro, "CorrigoPro Direct"), ("northdc", Provider::DigitalRealty, "Digital Realty")];

impl Stage {
    /// Sets everything up, with no network for the outbox.
    pub(super) fn set(keep: Option<&Path>) -> Result<Self, Failure> {
        let folder = folder(keep)?;
        let sandbox_options =
            fieldpost_sandbox::Options { dir: Some(folder.path().join("sandbox")), ..Default::default() };
        let sandbox = Sandbox::start(sandbox_options).map_err(|e| {
            Failure::new("sandbox", e.to_string(), "the demo needs two free ports on 127.0.0.1 and room in its folder")
        })?;
        let outbox = Outbox::open(folder.path().join("outbox"), Options::default())?;
        outbox.set_conditions(Conditions { network: Network::None, ..Conditions::default() })?;
        let listening = sandbox.listening();
        for (id, system, _) in ACCOUNTS {
            outbox.put_account(account(id, system, &listening)?)?;
        }
        let job = |(id, system, title)| -> Result<Job, Failure> {
            let order = work_order(system, &listening)?;
            Ok(Job { system, title, order: WorkOrder::new(id, order) })
        };
        let [first, second] = ACCOUNTS.map(job);
        Ok(Stage { jobs: [first?, second?], sandbox, outbox, folder })
    }

    /// The folder for what is made.
    pub(super) fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    /// The folder, where it stays.
    pub(super) fn kept(&self) -> Option<&Path> {
        match &self.folder {
            Folder::Temporary(_) => None,
            Folder::Kept(dir) => Some(dir),
        }
    }

    /// What signs in for an account, as an app's login would.
    pub(super) fn tokens(&self) -> impl Fn(&str) -> Option<String> + Send + Sync + use<> {
        let tokens = self.jobs.each_ref().map(|job| (job.order.account.clone(), self.sandbox.token(job.system)));
        move |account| tokens.iter().find(|(id, _)| id == account).map(|(_, token)| token.clone())
    }
}

fn folder(keep: Option<&Path>) -> Result<Folder, Failure> {
    let Some(dir) = keep else {
        let dir = tempfile::Builder::new().prefix("fieldpost-demo-").tempdir();
        return dir.map(Folder::Temporary).map_err(unwritten(&std::env::temp_dir()));
    };
    fs::create_dir_all(dir).map_err(unwritten(dir))?;
    let mut inside = fs::read_dir(dir).map_err(unwritten(dir))?;
    if inside.next().is_some() {
        let what = format!("{} is not empty", dir.display());
        return Err(Failure::new("not_empty", what, "give --keep a new or an empty folder"));
    }
    Ok(Folder::Kept(dir.to_owned()))
}

/// An account at one of the simulated systems.
fn account(id: &str, system: Provider, listening: &Listening) -> Result<Account, Failure> {
    let told = listening.accounts.iter().find(|account| account.provider == system);
    let told = told.ok_or_else(|| missing(system))?;
    let provider = system.name().parse().map_err(|()| missing(system))?;
    let mut account = Account::new(id, provider, &told.url);
    account.settings.extend(told.settings.clone());
    // How long after a doubt a list proves absence. Zero is for here only: the demo knows that the simulated system is done
    // with a request once its answer is lost, and nobody wants to watch it wait for 20 seconds. A real account must wait.
    account = account.set("settle", "0");
    // One transfer at a time at each system, so that the answer that is lost is the same one every time.
    Ok(account.set("max_concurrent", "1"))
}

fn work_order(system: Provider, listening: &Listening) -> Result<String, Failure> {
    let told = listening.accounts.iter().find(|account| account.provider == system);
    told.and_then(|account| account.work_orders.first().cloned()).ok_or_else(|| missing(system))
}

fn missing(system: Provider) -> Failure {
    Failure::new(
        "sandbox",
        format!("the sandbox has no {system} to deliver to"),
        "use a build whose parts belong together",
    )
}
