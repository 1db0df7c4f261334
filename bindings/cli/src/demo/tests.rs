//! The demo played whole, with small photographs.

use std::fs;
use std::path::PathBuf;

use fieldpost_imaging::synthetic::Shot;
use serde_json::Value;

use super::*;

/// A photograph too large to be sent as it is: stored on its side, its long edge over the default.
fn photograph(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    let shot = Shot { width: 2600, height: 400, orientation: 6, ..Shot::default() };
    fs::write(&path, shot.jpeg().unwrap()).unwrap();
    path
}

fn play_for(args: DemoArgs, teller: Arc<dyn Teller>) -> Result<Exit, Failure> {
    play(args, &teller)
}

/// Plays it for a script; the exit code and the lines.
fn scripted(args: DemoArgs) -> (Result<Exit, Failure>, Vec<Value>) {
    let script = Arc::new(Script::new(Vec::new()));
    let ended = play_for(args, script.clone());
    let written = Arc::into_inner(script).expect("the story is over, nobody else tells it").into_written();
    let lines = String::from_utf8(written).unwrap();
    (ended, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// What is told of a failure, as a script reads it.
fn told(ended: Result<Exit, Failure>) -> Value {
    match ended {
        Err(Failure::Told(told)) => serde_json::to_value(told).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

#[test]
fn everything_arrives_exactly_once_though_an_answer_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let photos = vec![photograph(dir.path(), "one.jpg"), photograph(dir.path(), "two.jpg")];
    let (ended, lines) = scripted(DemoArgs { photos, keep: None });
    assert_eq!(ended.unwrap(), Exit::Done);

    let done = lines.last().unwrap();
    assert_eq!((&done["event"], &done["delivered"], &done["lost_answers"]), (&"done".into(), &4.into(), &1.into()));
    assert_eq!(done["exactly_once"], true);

    let waited = of(&lines, "state").into_iter().filter(|line| line["item"]["why"]["reason"] == "no_network").count();
    assert!(waited >= 4, "each item waited for the network, {waited} of them");
    assert_eq!(of(&lines, "came_back")[0]["waiting"], 4);

    let found: Vec<_> =
        of(&lines, "state").into_iter().filter(|line| line["item"]["receipt"]["proof"] == "found").collect();
    assert_eq!(found.len(), 1, "the lost answer, and no other, is settled by looking");
    assert_eq!((&found[0]["item"]["kind"], &found[0]["item"]["attempts"]), (&"photo".into(), &1.into()));
    assert!(of(&lines, "state").into_iter().any(|line| line["item"]["state"] == "verifying"));

    let ledger = of(&lines, "ledger");
    assert_eq!(ledger.len(), 4);
    assert!(ledger.iter().all(|line| line["copies"] == 1 && line["as_sent"] == true && line["right"] == true));
    assert!(!of(&lines, "progress").is_empty());
}

#[test]
fn a_photo_that_is_not_there_is_a_typed_error() {
    let (ended, lines) = scripted(DemoArgs { photos: vec!["no/such/photo.jpg".into()], keep: None });
    let error = told(ended);
    assert_eq!(error["error"], "cannot_read");
    assert!(error["message"].as_str().unwrap().contains("no/such/photo.jpg"), "{error}");
    assert!(of(&lines, "done").is_empty(), "what failed does not say that it is done");
}

#[test]
fn a_photo_that_is_no_picture_blocks_alone_and_everything_else_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken.jpg");
    fs::write(&broken, b"this is no photograph").unwrap();
    let (ended, lines) = scripted(DemoArgs { photos: vec![broken, photograph(dir.path(), "two.jpg")], keep: None });
    assert_eq!(ended.unwrap(), Exit::Blocked);
    let done = lines.last().unwrap();
    assert_eq!((&done["delivered"], &done["blocked"], &done["exactly_once"]), (&3.into(), &1.into(), &true.into()));
    assert_eq!(done["lost_answers"], 0, "the first system had no photograph to lose the answer of");
}

#[test]
fn what_is_to_be_kept_goes_into_an_empty_folder_only_and_stays_there() {
    let dir = tempfile::tempdir().unwrap();
    let keep = dir.path().join("kept");
    let args = DemoArgs { photos: vec![photograph(dir.path(), "one.jpg")], keep: Some(keep.clone()) };
    assert_eq!(scripted(args.clone()).0.unwrap(), Exit::Done);

    let (items, findings) =
        fieldpost::Outbox::open(keep.join("outbox"), fieldpost::Options::default()).unwrap().check().unwrap();
    assert_eq!((items, findings.len()), (3, 0));
    assert_eq!(fieldpost_sandbox::read_ledger(&keep.join("sandbox")).unwrap().len(), 3);
    assert!(keep.join("photos/signature.png").is_file());

    let (again, _) = scripted(args);
    assert_eq!(told(again)["error"], "not_empty");
}

/// What people read of it where there is no terminal.
fn read_by_people(photos: Vec<PathBuf>) -> String {
    let people = Arc::new(People::piped());
    assert_eq!(play_for(DemoArgs { photos, keep: None }, people.clone()).unwrap(), Exit::Done);
    let text = Arc::into_inner(people).expect("the story is over, nobody else tells it").into_written().into_inner();
    let text = String::from_utf8(text).unwrap();
    for line in text.lines() {
        assert!(line.chars().count() <= 80 && !line.contains('\x1b') && line == line.trim_end(), "{line:?}");
    }
    for words in ["no_network", "verifying", "found there, not sent again", "though 1 answer was lost", "Try next"] {
        assert!(text.contains(words), "{words} is missing in:\n{text}");
    }
    text
}

#[test]
fn it_takes_photographs_of_its_own_and_tells_it_in_eighty_columns() {
    let text = read_by_people(vec![]);
    assert!(
        text.contains("4032 x 3024 -> ") && text.contains(" 1920 x 2560 "),
        "the first was stored on its side:\n{text}"
    );
}

#[test]
fn long_names_do_not_break_its_columns() {
    let dir = tempfile::tempdir().unwrap();
    let name = "a photograph with quite a long name, as people give them at times.jpg";
    read_by_people(vec![photograph(dir.path(), name)]);
}
