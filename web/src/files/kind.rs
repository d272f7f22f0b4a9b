//! What a file is, by its name: the media type that its answer has.

/// The media type for a name, with a charset where it is text; `application/octet-stream` for a name that says nothing.
///
/// Text is UTF-8. That is said, because a browser that has to guess was made to guess wrong (a page in UTF-7 has scripts that
/// no filter saw).
///
/// ```
/// use wirebook_web::files::media_type;
///
/// assert_eq!(media_type("app.css"), "text/css; charset=utf-8");
/// assert_eq!(media_type("leaf.JPG"), "image/jpeg");
/// assert_eq!(media_type("LICENSE"), "application/octet-stream");
/// ```
pub fn media_type(name: &str) -> String {
    let media = mime_guess::from_path(name).first_or_octet_stream();
    let is_text = media.type_() == mime_guess::mime::TEXT || media.essence_str() == "application/javascript";
    if is_text { format!("{}; charset=utf-8", media.essence_str()) } else { media.essence_str().to_owned() }
}

/// Codings that a file may lie there in, ready made, with the ends of their names: `app.css.br` beside `app.css`. The best first.
pub(super) const READY: [(&str, &str); 3] = [("br", "br"), ("zstd", "zst"), ("gzip", "gz")];
