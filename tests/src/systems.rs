//! An account at each of the systems that a sandbox plays, and a job there.

use fieldpost::{Account, ProviderKind, WorkOrder};
use fieldpost_sandbox::{Provider, Sandbox};

/// The work order that the tests use at CorrigoPro Direct.
pub const CORRIGO_JOB: &str = "10234";
/// The one at Digital Realty.
pub const DIGITAL_JOB: &str = "WO9271561";

/// The id that the account at a system has.
#[must_use]
pub fn account_id(system: Provider) -> &'static str {
    match system {
        Provider::CorrigoPro => "acme",
        Provider::DigitalRealty => "dlr",
        other => other.name(),
    }
}

/// The system of an account.
#[must_use]
pub fn of_account(id: &str) -> Option<Provider> {
    Provider::ALL.into_iter().find(|system| account_id(*system) == id)
}

/// The work order that the tests use at a system.
///
/// # Panics
/// At a system that these tests do not know yet.
#[must_use]
pub fn work_order(system: Provider) -> &'static str {
    match system {
        Provider::CorrigoPro => CORRIGO_JOB,
        Provider::DigitalRealty => DIGITAL_JOB,
        Provider::Serial => "2001",
        Provider::Decisiv => "770001",
        Provider::FieldNation => "90001",
        other => panic!("no work order is known at {other}"),
    }
}

/// A remote id as the sandbox's ledger has it: Field Nation's are known to the core as `FOLDER/FILE`.
#[must_use]
pub fn in_ledger(id: &fieldpost::RemoteId) -> &str {
    id.0.rsplit('/').next().unwrap_or_default()
}

/// The job at a system.
#[must_use]
pub fn job(system: Provider) -> WorkOrder {
    WorkOrder::new(account_id(system), work_order(system))
}

/// The account at a sandbox's system, with the settings that the sandbox names.
///
/// # Panics
/// Where the core does not speak that system.
#[must_use]
pub fn account(sandbox: &Sandbox, system: Provider) -> Account {
    let listening = sandbox.listening();
    let account = listening.accounts.iter().find(|account| account.provider == system);
    let settings = account.map(|account| account.settings.clone()).unwrap_or_default();
    let kind: ProviderKind = system.name().parse().expect("the core speaks what the sandbox speaks");
    let bare = Account::new(account_id(system), kind, sandbox.url(system));
    settings.into_iter().fold(bare, |account, (key, value)| account.set(key, value))
}

/// The CorrigoPro account at a sandbox.
#[must_use]
pub fn corrigo(sandbox: &Sandbox) -> Account {
    account(sandbox, Provider::CorrigoPro)
}

/// The same account at an address where nobody listens.
///
/// # Panics
/// Where loopback has no free port.
#[must_use]
pub fn unreachable(sandbox: &Sandbox) -> Account {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    Account { url: format!("http://{}", free.expect("a free port on loopback")), ..corrigo(sandbox) }
}

/// The Digital Realty account at a sandbox.
#[must_use]
pub fn digital(sandbox: &Sandbox) -> Account {
    account(sandbox, Provider::DigitalRealty)
}
