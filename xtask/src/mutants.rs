//! `cargo xtask mutants`: breaks the core on purpose, one way at a time, and sees how many simulated worlds notice.
//!
//! Owns the list of ways. Works on a copy of the tracked files below the target folder, never on the checkout. A mutant
//! that no world notices is a failure: the simulation would not see that mistake either. So is one whose place in the
//! code cannot be found any more: then the list is out of date.

use std::fs;
use std::path::Path;

use crate::process::{Heard, answer, command, run_and_read};
use crate::workspace::{Workspace, remove_folder};

/// How many worlds each mutant is set loose in.
const SEEDS: &str = "0..1000";

/// A way to break the core.
struct Mutant {
    /// What is wrong then.
    name: &'static str,
    /// The file below `core/fieldpost/src/`.
    file: &'static str,
    /// What stands there, once.
    sound: &'static str,
    /// What stands there instead.
    broken: &'static str,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a doubt is sent again without a look",
        file: "dispatch/answer.rs",
        sound: "                doubt(row, cause, cx);\n            } else {",
        broken: "                drop(cause);\n                again(row, None, None);\n            } else {",
    },
    Mutant {
        name: "absence is believed at once, without settling",
        file: "dispatch/look.rs",
        sound: "let settled = doubt.since.age(started) >= cx.settle;",
        broken: "let settled = started.mono <= cx.now.mono;",
    },
    Mutant {
        name: "absence is proved by when the listing came, not by when it was asked for",
        file: "dispatch/look.rs",
        sound: "let settled = doubt.since.age(started) >= cx.settle;",
        broken: "let settled = started.mono <= cx.now.mono && doubt.since.age(cx.now) >= cx.settle;",
    },
    Mutant {
        name: "an attempt is journaled after it was sent",
        file: "engine/air.rs",
        sound: "            sql.served(&row, account.standing.served)?;\n            sql.save_item(&row)?;",
        broken: "            sql.served(&row, account.standing.served)?;",
    },
    Mutant {
        name: "what a dead delivery left on its way is forgotten",
        file: "engine/air.rs",
        sound: "if rows.is_empty() { Ok(()) } else { self.commit(&rows, &[], |_| Ok(())) }",
        broken: "rows.clear();\n        Ok(())",
    },
    Mutant {
        name: "the folder of the items is not synced",
        file: "store/folders/admission.rs",
        sound: "        folders.sync_dir(&folders.items())?;\n",
        broken: "",
    },
    Mutant {
        name: "a captured file is not synced",
        file: "store/folders/admission.rs",
        sound: "        folders.at(\"sync\", &path, file.sync())?;\n",
        broken: "",
    },
    Mutant {
        name: "what an opening takes over is not synced",
        file: "store/folders/incoming.rs",
        sound: "                if let Err(e) = self.sync_item(id) {",
        broken: "                if let Err(e) = self.files(id).map(drop) {",
    },
    Mutant {
        name: "two uploads create the folder that both miss",
        file: "engine/following.rs",
        sound: "position(|next| !air.is_behind(next))",
        broken: "position(|next| !air.is_behind(next) || next.makes.is_some())",
    },
    Mutant {
        name: "a cancellation does not wait for the doubt",
        file: "dispatch/person.rs",
        sound: "        _ if row.may_be_there() => {\n            row.life.wish = Some(Wish::Cancel);\n",
        broken: "        _ if row.stage == Stage::Sending => {\n            row.life.wish = Some(Wish::Cancel);\n",
    },
    Mutant {
        name: "a cancellation does not wait for the transfer",
        file: "dispatch/person.rs",
        sound: "        _ if row.may_be_there() => {\n            row.life.wish = Some(Wish::Cancel);\n",
        broken: "        _ if row.stage != Stage::Sending && row.may_be_there() => {\n            row.life.wish = Some(Wish::Cancel);\n",
    },
    Mutant {
        name: "an item's own wait never ends",
        file: "engine/air.rs",
        sound: "                if over.is_empty() {\n                    break;\n                }",
        broken: "                if over.is_empty() || !over.is_empty() {\n                    break;\n                }",
    },
    Mutant {
        name: "a wait of the account never ends",
        file: "dispatch/next.rs",
        sound: "let wait = facts.standing.wait.as_ref().filter(|(wait, _)| !wait.is_over(now));",
        broken: "let wait = facts.standing.wait.as_ref();",
    },
    Mutant {
        name: "a token that was refused is not asked for again",
        file: "engine/tokens.rs",
        sound: "let enough = token.refused >= REFUSALS;",
        broken: "let enough = token.refused >= REFUSALS || used.is_some();",
    },
    Mutant {
        name: "a refusal in the system's own words is tried for ever",
        file: "dispatch/answer.rs",
        sound: "            well(standing);\n            blocked(row, why, None);",
        broken: "            well(standing);\n            drop(why);\n            again(row, None, None);",
    },
    Mutant {
        name: "a look goes by what the item is now, not by what was sent",
        file: "engine/restored.rs",
        sound: "            _ => self.store.read().snapshot(row.id()),\n",
        broken: "            _ => Ok(Self::snapshot(row, &self.account(&row.life.target.account)?).map(|(now, _)| now)),\n",
    },
    Mutant {
        name: "a refused token spends an attempt",
        file: "dispatch/answer.rs",
        sound: "        Outcome::Stopped | Outcome::TokenWanted => {\n            row.life.attempts = row.life.attempts.saturating_sub(1);\n",
        broken: "        Outcome::Stopped | Outcome::TokenWanted => {\n",
    },
    Mutant {
        name: "a missing network spends an attempt",
        file: "dispatch/answer.rs",
        sound: "            if held.reason == Reason::NoNetwork {\n                row.life.attempts = row.life.attempts.saturating_sub(1);\n",
        broken: "            if held.reason == Reason::NoNetwork {\n",
    },
    Mutant {
        name: "an account's wait is taken per item",
        file: "dispatch/answer.rs",
        sound: "    ill(standing, held.reason, held.detail.clone(), held.asked, cx);\n    let why = Why::new(held.reason, held.detail);\n",
        broken: "    let why = Why::new(held.reason, held.detail);\n    let others = others || row.life.failures < u32::MAX;\n",
    },
    Mutant {
        name: "a person's token takes along what another captured",
        file: "engine/air.rs",
        sound: "air.tokens.person(id));",
        broken: "air.tokens.person(id).filter(|_| false));",
    },
    Mutant {
        name: "the row is written before the files",
        file: "engine/operations.rs",
        sound: "        self.sealed.push((id, self.folders.admit(id)?.seal(&row.manifest)?));\n        self.store.write(|sql| sql.insert_item(&row))?;\n",
        broken: "        self.store.write(|sql| sql.insert_item(&row))?;\n        self.store.end(true)?;\n        self.store.begin(Safe::AtOnce)?;\n        self.sealed.push((id, self.folders.admit(id)?.seal(&row.manifest)?));\n",
    },
    Mutant {
        name: "a wish to repair does not wait for the doubt",
        file: "dispatch/person.rs",
        sound: "    if row.may_be_there() {\n        let before",
        broken: "    if row.stage == Stage::Sending {\n        let before",
    },
    Mutant {
        name: "a rank that changes counts as a new operation in the journal",
        file: "engine/repairs.rs",
        sound: "            let entry = Entry::Ranked { priority: row.priority };\n",
        broken: "            let (target, same_body) = (row.life.target.clone(), row.life.body.is_some());\n            let entry = Entry::Changed { target, fit: row.life.fit, same_body };\n",
    },
    Mutant {
        name: "an item of a restored outbox is sent unlooked",
        file: "engine/air.rs",
        sound: "        if row.life.restored == Some(Restored::Unlooked) {\n",
        broken: "        if row.life.restored == Some(Restored::Unlooked) && item.as_bytes().is_empty() {\n",
    },
    Mutant {
        name: "a later operation on an attachment overtakes",
        file: "engine/operations.rs",
        sound: "        self.add(meant, change, latest, after.or(upload).or(newest))\n",
        broken: "        self.add(meant, change, latest, after.or(upload).or(newest).filter(|_| false))\n",
    },
    Mutant {
        name: "two uploads at a time go to a work order whose names prove nothing",
        file: "engine/air.rs",
        sound: "let alone = provider(row.account.provider).renames();",
        broken: "let alone = false;",
    },
    Mutant {
        name: "what was listed just before is not kept",
        file: "engine/resuming.rs",
        sound: "        self.store.write(|sql| sql.amend_attempt(item, snapshot))?;\n",
        broken: "",
    },
    Mutant {
        name: "what is less than whole is believed before it has settled",
        file: "dispatch/look.rs",
        sound: "    if doubt.since.age(started) < cx.settle {\n        return later(row, doubt, cx);\n    }\n    if doubt.review",
        broken: "    if doubt.review",
    },
    Mutant {
        name: "a new entry under another name is taken for absence",
        file: "providers/recognise.rs",
        sound: "if ours.is_empty() && others.is_empty() { Sighting::Absent }",
        broken: "if ours.len() + others.len() < usize::MAX { Sighting::Absent }",
    },
    Mutant {
        name: "a new entry under another name is taken for ours after a lost answer",
        file: "dispatch/look.rs",
        sound: "if ours.len() == 1 && doubt.cause.was_answered_well() => {",
        broken: "if !ours.is_empty() => {",
    },
    Mutant {
        name: "an update in doubt is given up",
        file: "dispatch/answer.rs",
        sound: "            failed(row, standing, Why::new(reason, cause.detail), cause.asked, cx);\n        }\n    }\n}\n",
        broken: "            failed(row, standing, Why::new(reason, cause.detail), cause.asked, cx);\n            row.stage = Stage::Cancelled;\n        }\n    }\n}\n",
    },
];

/// Those whose names have these `words`, each told in a line; true if each was noticed.
pub(crate) fn run(workspace: &Workspace, words: &str) -> Result<bool, String> {
    let wanted: Vec<&Mutant> = MUTANTS.iter().filter(|mutant| mutant.name.contains(words)).collect();
    if wanted.is_empty() {
        return Err(format!("no mutant's name has {words:?}"));
    }
    let folder = workspace.target().join("mutants");
    let copy = folder.join("checkout");
    remove_folder(&copy)?;
    copy_tracked(workspace, &copy)?;
    let sound = seeds_that_fail(&copy, &folder)?;
    if sound != 0 {
        return Err(format!("{sound} seeds fail with nothing broken"));
    }
    println!("of the seeds {SEEDS} so many notice that");
    let mut all = true;
    for mutant in wanted {
        let path = copy.join("core/fieldpost/src").join(mutant.file);
        let text = fs::read_to_string(&path).map_err(|error| format!("reading {}: {error}", mutant.file))?;
        let broken = broken(&text, mutant)?;
        let write = |text: &str| fs::write(&path, text).map_err(|error| format!("writing {}: {error}", mutant.file));
        write(&broken)?;
        let caught = seeds_that_fail(&copy, &folder);
        write(&text)?;
        let caught = caught.map_err(|why| format!("{}: {why}", mutant.name))?;
        all &= caught > 0;
        println!("{caught:>6}  {}", mutant.name);
    }
    Ok(all)
}

fn broken(text: &str, mutant: &Mutant) -> Result<String, String> {
    match text.matches(mutant.sound).count() {
        1 => Ok(text.replacen(mutant.sound, mutant.broken, 1)),
        found => Err(format!("{}: its place in {} is there {found} times", mutant.name, mutant.file)),
    }
}

/// What Git knows of, as it stands in the checkout.
fn copy_tracked(workspace: &Workspace, to: &Path) -> Result<(), String> {
    let mut git = command("git");
    let files = answer(git.arg("-C").arg(workspace.root()).args(["ls-files"])).ok_or("git ls-files failed")?;
    for file in files.lines() {
        let (from, to) = (workspace.path(file), to.join(file));
        let folder = to.parent().ok_or("a tracked file lies in a folder")?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::copy(&from, &to))
            .map_err(|error| format!("copying {file}: {error}"))?;
    }
    Ok(())
}

/// How many of the worlds fail, by the simulation's own last line.
fn seeds_that_fail(copy: &Path, folder: &Path) -> Result<u64, String> {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(copy).env("CARGO_TARGET_DIR", folder.join("target")).env("FIELDPOST_SEEDS", SEEDS);
    // Compiling each mutant takes longer than its worlds do.
    cargo.args([
        "--config",
        "profile.release.incremental=true",
        "--config",
        "profile.release.package.fieldpost.opt-level=1",
    ]);
    cargo.args(["test", "--release", "--package", "fieldpost-tests", "--test", "simulation", "--", "--nocapture"]);
    let mut failed = None;
    // That the test fails is what is wanted; what counts is whether it came to its last line.
    let _ = run_and_read(cargo, Heard::Stdout, |line| failed = failing(line).or(failed));
    failed.ok_or_else(|| "the simulation did not come to its end".to_owned())
}

/// Reads `1000 seeds: 9 delivered, 1 blocked, 0 cancelled; 7 seeds failed`.
fn failing(line: &str) -> Option<u64> {
    line.trim_end().strip_suffix(" seeds failed")?.rsplit_once("; ")?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_still_has_its_one_place() {
        let core = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/fieldpost/src"));
        for mutant in MUTANTS {
            let text = fs::read_to_string(core.join(mutant.file)).unwrap();
            assert_ne!(broken(&text, mutant).unwrap(), text, "{}", mutant.name);
        }
    }

    #[test]
    fn the_simulations_last_line_says_how_many_seeds_failed() {
        assert_eq!(failing("1000 seeds: 9 delivered, 1 blocked, 0 cancelled; 7 seeds failed\n"), Some(7));
        assert_eq!(failing("--- seed 7 failed: it is lost"), None);
    }
}
