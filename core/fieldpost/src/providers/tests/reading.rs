//! Questions of a person, whatever is answered.

use super::*;
use crate::model::{Auth, Sink};
use crate::providers::outcome::Unread;
use crate::providers::reading::{Question, Reply};

/// What is asked of a system, of what it offers.
fn questions(sent: &Snapshot) -> Vec<Question> {
    let offered = provider(sent.provider).capabilities().operations;
    let id = if sent.provider == ProviderKind::FieldNation { "9/8" } else { "x" };
    [
        ("get", Question::One(RemoteId("x".into()))),
        ("download", Question::File(entry(id, &sent.name, Some(20)))),
        ("folders", Question::Folder("Site".into())),
    ]
    .into_iter()
    .filter_map(|(operation, question)| offered.contains(&operation).then_some(question))
    .collect()
}

#[test]
fn no_answer_makes_a_question_panic_go_on_for_ever_or_send_a_token_elsewhere() {
    let (mut answered, mut followed) = (0, 0);
    for sent in uploads() {
        let system = provider(sent.provider);
        let own = url::Url::parse(&sent.base_url).unwrap().origin();
        for question in questions(&sent) {
            for seed in 0..if sent.provider == ProviderKind::FieldNation { 4_000 } else { 20_000 } {
                let rng = &mut Rng(seed);
                let mut step = system.ask(&sent, &question);
                let mut asked = 0;
                while let Step::Ask { at, effect, request } = step {
                    let makes = matches!(question, Question::Folder(_)) && request.method == Method::Post;
                    assert_eq!(effect, if makes { Effect::Changes } else { Effect::Reads });
                    assert!(!at.0.to_string().contains("sig=abc"), "a cursor holds a link, seed {seed}");
                    assert!(request.url.origin() == own || request.auth == Auth::None, "seed {seed}: {request:?}");
                    followed += usize::from(request.url.as_str() == LINK && request.sink == Sink::Hash);
                    let is_sound = sent.provider == ProviderKind::FieldNation && rng.below(3) == 0;
                    let exchange = if is_sound { got(200, with_link(&sent)) } else { exchange(rng, &sent) };
                    step = system.resume_ask(&sent, &question, &at, &exchange);
                    asked += 1;
                    assert!(asked < 420, "it does not end, seed {seed}");
                }
                answered += usize::from(done(step).is_ok());
            }
        }
    }
    assert!(answered > 500 && followed > 50, "too few to mean anything: {answered} answers, {followed} links");
}

/// A list of Field Nation's that shows where the file is.
fn with_link(sent: &Snapshot) -> String {
    let file = json!({"id": 8, "file": {"name": sent.name, "size_bytes": 20, "link": LINK}});
    json!({"metadata": {"total": 1}, "results": [{"id": 9, "name": "Site", "metadata": {"total": 1}, "results": [file]}]})
        .to_string()
}

#[test]
fn what_is_not_offered_or_not_a_place_of_a_question_is_no_answer_and_never_a_panic() {
    for sent in uploads() {
        let system = provider(sent.provider);
        let all =
            [Question::One(RemoteId("x".into())), Question::File(entry("x", "a", None)), Question::Folder("a".into())];
        for question in all {
            for at in [json!(null), json!("gone"), json!({"list": {}}), json!({"file": {"own": 7}})] {
                let reply = match system.resume_ask(&sent, &question, &Cursor(at), &got(200, "{}")) {
                    Step::Done(reply) => reply,
                    Step::Ask { .. } => panic!("it goes on from nowhere"),
                };
                assert!(
                    matches!(reply, Err(Unread::Stopped | Unread::CannotTell { .. }) | Ok(Reply::File(_))),
                    "{reply:?}"
                );
            }
            if !questions(&sent)
                .iter()
                .any(|offered| std::mem::discriminant(offered) == std::mem::discriminant(&question))
            {
                assert!(matches!(done(system.ask(&sent, &question)), Err(Unread::CannotTell { .. })));
            }
        }
    }
}
