use super::*;

const PACKET: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <!-- Springfield -->
 <rdf:Description rdf:about="Springfield" xmlns:d="http://purl.org/dc/elements/1.1/"
   xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
   xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" xmlns:dc="urn:Springfield"
   exif:GPSLatitude="39,47.9N" photoshop:City="Springfield" photoshop:Headline="Boiler &amp; pump"
   Iptc4xmpCore:Location="Springfield" dc:title="Springfield">
  <d:description><rdf:Alt><rdf:li xml:lang="x-default">A &lt;leak&gt; &#x2014; ok</rdf:li></rdf:Alt></d:description>
  <d:creator><rdf:Seq><rdf:li>A. Fitter</rdf:li><rdf:li rdf:parseType="Resource"><d:title>Springfield</d:title></rdf:li></rdf:Seq></d:creator>
  <d:rights rdf:resource="Springfield"/>
  <photoshop:State>Springfield</photoshop:State>
  <d:subject><d:title>Springfield</d:title></d:subject>
 </rdf:Description></rdf:RDF></x:xmpmeta>
 Springfield                   <?xpacket end="w"?>"#;

fn holds(packet: &[u8], needle: &str) -> bool {
    places(packet, needle.as_bytes()).next().is_some()
}

#[test]
fn a_filtered_packet_keeps_the_words_and_no_trace_of_the_place() {
    let out = filtered(PACKET.as_bytes()).unwrap();
    assert!(!holds(&out, "Springfield") && !holds(&out, "GPS"), "{}", out.escape_ascii());
    for kept in
        ["Boiler &amp; pump", "A &lt;leak&gt; \u{2014} ok", "xml:lang=\"x-default\"", "A. Fitter", "<dc:creator>"]
    {
        assert!(holds(&out, kept), "{kept} in {}", out.escape_ascii());
    }
    assert_eq!(filtered(&out).as_deref(), Some(&out[..]), "what is clean already stays as it is");
}

#[test]
fn what_is_no_packet_is_dropped_whole() {
    for bad in [
        &b""[..],
        b"\0\0",
        b"<a",
        b"<a></b>",
        b"\xFF\xFE<\0a\0",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
        b"<a:b/>",
    ] {
        assert_eq!(filtered(bad), None, "{}", bad.escape_ascii());
    }
    assert_eq!(filtered(&[b"<a>".repeat(5000), b"</a>".repeat(5000)].concat()), None, "deeper than is read");
    assert_eq!(filtered(&[PACKET.as_bytes(), &[b' '; LONGEST]].concat()), None, "longer than is read");
    assert!(filtered(&[PACKET.as_bytes(), b"\0"].concat()).is_some());
}

#[test]
fn the_orientation_is_set_upright() {
    let packet = br#"<x tiff:Orientation="6"/><tiff:Orientation>8</tiff:Orientation>"#;
    let wanted = br#"<x tiff:Orientation="1"/><tiff:Orientation>1</tiff:Orientation>"#;
    assert_eq!(upright(packet).as_deref(), Some(&wanted[..]));
}

#[test]
fn a_packet_about_what_is_gone_keeps_its_words_at_most() {
    assert_eq!(upright(br#"<x hdrgm:Version="1.0"/>"#), None);
    let extended =
        PACKET.replace("photoshop:City=", "xmlns:xmpNote=\"http://ns.adobe.com/xmp/note/\" xmpNote:HasExtendedXMP=");
    let out = upright(extended.as_bytes()).unwrap();
    assert!(holds(&out, "Boiler &amp; pump") && !holds(&out, "HasExtendedXMP"));
}

#[test]
fn dimensions_of_other_pixels_are_taken_out_and_nothing_else() {
    let packet = br#"<a exif:PixelXDimension="4032" exif:PixelYDimension='3024' b="1"><tiff:ImageWidth>4032</tiff:ImageWidth> exif:PixelXDimension</a>"#;
    assert_eq!(without_dimensions(packet), br#"<a b="1"> exif:PixelXDimension</a>"#);
    assert_eq!(without_dimensions(b"tiff:ImageWidth"), b"tiff:ImageWidth");
}
