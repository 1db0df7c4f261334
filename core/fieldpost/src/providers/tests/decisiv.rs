//! Answers near to Decisiv's and far from them, and what of them is proof, read in another way than the code does.

use super::*;

/// The same upload to Decisiv.
pub(in super::super) fn to_decisiv() -> Snapshot {
    Snapshot {
        provider: ProviderKind::Decisiv,
        base_url: "https://decisiv.example/platform_api".into(),
        settings: BTreeMap::new(),
        work_order: "C-7".into(),
        ..snapshot()
    }
}

/// The same with the file in base64.
pub(in super::super) fn to_decisiv_in_base64() -> Snapshot {
    let settings = [("encoding".to_owned(), "base64".to_owned())];
    Snapshot { settings: settings.into(), ..to_decisiv() }
}

/// Where a Decisiv attachment is said to be: under the account's own case, and elsewhere.
pub(super) const PLACES: &[&str] = &[
    "https://decisiv.example/platform_api/cases/C-7/attachments/x",
    "/platform_api/case/C-7/attachment/x",
    "attachments/x",
    "x",
    "",
    "/platform_api/cases/C-8/attachments/x",
    "https://elsewhere.example/platform_api/cases/C-7/attachments/x",
    "https://decisiv.example/platform_api/cases/C-7/attachments/",
    "https://decisiv.example/platform_api/cases/C-7/attachments/x/y",
];

/// XML near to what Decisiv says, and far from it.
pub(super) fn xml(rng: &mut Rng, sent: &Snapshot) -> Vec<u8> {
    let attachment = |rng: &mut Rng| {
        let mut fields = String::new();
        for _ in 0..1 + rng.below(4) {
            fields += &match rng.below(6) {
                0 | 1 => format!("<a:URL>{}</a:URL>", rng.of(PLACES)),
                2 => format!("<a:size>{}</a:size>", rng.of(&["20", "20", " 20 ", "28", "0", "", "-1", "x"])),
                3 => format!("<a:filename>{}</a:filename>", rng.of(&[sent.name.as_str(), "other.jpg", "", "&amp;"])),
                4 => format!("<a:downloadURL>{}</a:downloadURL>", rng.of(&[LINK, "x/file", "ftp://h/x", ""])),
                _ => {
                    rng.of(&["<s:sender><s:id>x</s:id></s:sender>", "<b:URL>y</b:URL>", "<a:new/>", "text"]).to_owned()
                }
            };
        }
        format!("<a:attachment>{fields}</a:attachment>")
    };
    let own = "http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse";
    let other = [own.replace("0.0.7", "1.2"), own.replace("Response", "Request"), own.replace("www.", "")];
    let namespace = if rng.below(6) == 0 { rng.of(&other) } else { own.to_owned() };
    let body = match rng.below(5) {
        0 => return rng.of(&["<html>", "", "<errors/>", "{}", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"]).into(),
        1 | 2 => {
            let listed: String = (0..rng.below(4)).map(|_| attachment(rng)).collect();
            format!("<a:attachments>{listed}</a:attachments>")
        }
        _ => attachment(rng),
    };
    let declared = format!(" xmlns:a='{namespace}' xmlns:s='urn:s' xmlns:b='urn:b'>");
    let declaration = rng.of(&["", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"]);
    format!("{declaration}{}", body.replacen('>', &declared, 1)).into_bytes()
}

/// The same of Decisiv, by the letters of its answers: an id at a place of this case in the header or in the body; in base64
/// the size as well.
pub(super) fn is_proof_in_xml(sent: &Snapshot, exchanges: &[Exchange], id: &RemoteId) -> bool {
    let text = |n: usize| {
        let answer = exchanges.get(n)?.result.as_ref().ok()?;
        Some((answer, String::from_utf8_lossy(answer.bytes()).into_owned()))
            .filter(|(a, _)| (200..300).contains(&a.status))
    };
    let tells = |body: &str| {
        body.contains("/Case/AttachmentResponse") && body.contains("<a:attachment ") && body.contains("URL>")
    };
    let sized = |body: &str| body.contains("<a:size>20<") || body.contains("<a:size> 20 <");
    let Some((answer, body)) = text(0) else { return false };
    let by_header = answer.header("location").is_some_and(|place| PLACES[..3].contains(&place));
    let in_base64 = !sent.settings.is_empty();
    exchanges[0].left == Left::Whole
        && (by_header || tells(&body))
        && (id.0 == "x" || (!by_header && body.contains(&id.0)))
        && (!in_base64 || sized(&body) || text(1).is_some_and(|(_, one)| tells(&one) && sized(&one)))
}
