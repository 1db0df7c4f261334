//! Makes the committed files of the corpus of JPEGs anew (`tests/corpus`), with libjpeg-turbo's `cjpeg` and ImageMagick.
#![allow(clippy::unwrap_used, reason = "it stops at what must not be")]

#[path = "../tests/common/corpus.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod corpus;

fn main() {
    corpus::make_committed();
}
