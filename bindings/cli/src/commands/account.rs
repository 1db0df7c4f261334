//! `account add`, `account list`, `account remove`.

use fieldpost::{Account, AccountInfo};

use super::{Ended, Session, asked};
use crate::args::{AccountCommand, AddArgs, Globals, With};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Table, plain};
use crate::tokens;

pub(super) fn run(outer: Globals, command: AccountCommand) -> (bool, Ended) {
    let with = |inner| Session::new(inner, outer);
    match command {
        AccountCommand::Add(With { args, globals }) => asked(with(globals), |session| add(session, args)),
        AccountCommand::List(With { globals, .. }) => asked(with(globals), list),
        AccountCommand::Remove(With { args, globals }) => asked(with(globals), |session| remove(session, &args.id)),
    }
}

fn add(session: &Session, args: AddArgs) -> Ended {
    let AddArgs { id, provider, url, set } = args;
    let account =
        set.into_iter().fold(Account::new(&id, provider, url), |account, one| account.set(one.key, one.value));
    let outbox = session.outbox()?;
    outbox.put_account(account)?;
    let added = outbox.accounts()?.into_iter().find(|info| info.account.id == id);
    match added {
        Some(info) if session.out.is_json() => session.out.object(&info)?,
        _ => session.out.text(format_args!("added {id}; its token is read from {}", tokens::variable(&id)))?,
    }
    Ok(Exit::Done)
}

fn list(session: &Session) -> Ended {
    let accounts = session.outbox()?.accounts()?;
    if session.out.is_json() {
        session.out.objects(&accounts)?;
    } else if accounts.is_empty() {
        session.out.text("no accounts yet; fieldpost account add ID --provider P --url URL adds one")?;
    } else {
        session.out.text(table(&accounts))?;
    }
    Ok(Exit::Done)
}

fn table(accounts: &[AccountInfo]) -> Table {
    let mut table = Table::titled(["ID", "PROVIDER", "URL", "SETTINGS", "LARGEST FILE", "CAN"]);
    for AccountInfo { account, capabilities } in accounts {
        let settings: Vec<String> = account.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
        table.row([
            account.id.as_str().into(),
            account.provider.as_str().into(),
            plain(&account.url).into_owned().into(),
            plain(&settings.join(", ")).into_owned().into(),
            capabilities.max_bytes.map(|bytes| bytes.to_string()).unwrap_or_default().into(),
            capabilities.operations.join(", ").into(),
        ]);
    }
    table
}

/// Prints the account that there was, as `account list` did.
fn remove(session: &Session, id: &str) -> Ended {
    let outbox = session.outbox()?;
    let removed = outbox.accounts()?.into_iter().find(|info| info.account.id == id);
    outbox.remove_account(id).map_err(Failure::from)?;
    match removed {
        Some(info) if session.out.is_json() => session.out.object(&info)?,
        _ => session.out.text(format_args!("removed {}", plain(id)))?,
    }
    Ok(Exit::Done)
}
