//! `capture --person` and `deliver --person`: phones are shared.

use fieldpost_sandbox::{Options, Provider, Sandbox};

use super::support::{Place, Ran};

const CORRIGO: Provider = Provider::CorrigoPro;

#[test]
fn nothing_that_one_person_captured_leaves_under_anothers_token() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(CORRIGO));
    let capture = |person: &[&str]| {
        let args = ["capture", "text", "t", "--account", "acme", "--work-order", "10234"];
        place.run([&args, person].concat()).ends(0).out.trim_end().to_owned()
    };
    let (jo, sam, nobody) = (capture(&["--person", "jo"]), capture(&["--person", "sam"]), capture(&[]));
    let token = sandbox.token(CORRIGO);

    place.deliver(&token, &["--person", "sam"]).ends(3);
    let states = [&jo, &sam, &nobody].map(|id| place.item(id)["state"].as_str().unwrap().to_owned());
    assert_eq!(states, ["waiting", "delivered", "delivered"]);
    let why = place.json(["why", &jo]).ends(0).line();
    assert_eq!((&why["reason"], &why["action"]), (&"token_wanted".into(), &"sign_in".into()));
    assert!(why["detail"].as_str().unwrap().contains("jo"), "{why}");
    let mut command = place.command(["deliver", "--person", "sam"]);
    let said = Ran::of(&command.env("FIELDPOST_TOKEN", &token).output().unwrap()).ends(3);
    assert!(said.out.contains("captured by jo"), "{}", said.out);

    place.deliver(&token, &["--person", "jo"]).ends(0);
    assert_eq!(sandbox.uploads(CORRIGO, "10234").len(), 3);
}

#[test]
fn tokens_of_nobody_in_particular_carry_everything() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let place = Place::with_acme_at(&sandbox.url(CORRIGO));
    place.run(["capture", "text", "t", "--account", "acme", "--work-order", "10234", "--person", "jo"]).ends(0);
    place.deliver(&sandbox.token(CORRIGO), &[]).ends(0);
}
