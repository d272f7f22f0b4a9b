//! Fetching a URL, with the redirects that are safe to follow (RFC 9110 §15.4).

use super::{Error, Options, Response, Url, request};

/// Fields that are told to one origin alone. `host` names it; the others are secrets.
const NOT_PASSED_ON: [&str; 4] = ["host", "authorization", "proxy-authorization", "cookie"];

/// Bytes of a redirect's own body that are read to keep its connection.
const MAX_DISCARDED: usize = 64 * 1024;

/// Gets a URL; `options` give everything but the host, the port and the path.
///
/// At most [`Options::max_redirects`] redirects are followed, by GET or HEAD as asked: only to `http:` and `https:` URLs,
/// and from `https:` to `http:` only with [`Options::allow_downgrade`]. Credentials and cookies do not go to another origin.
///
/// ```no_run
/// # async fn example() -> Result<(), wirebook_http1::client::Error> {
/// use wirebook_http1::client::{Options, get};
///
/// let mut response = get("http://example.org/", &Options { max_redirects: 5, ..Options::default() }).await?;
/// println!("{}", response.bytes(1 << 20).await?.escape_ascii());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::Option`] for the URL and for methods other than GET and HEAD; [`Error::Redirect`]; those of a request.
pub async fn get(url: &str, options: &Options<'_>) -> Result<Response, Error> {
    if !matches!(options.method, "GET" | "HEAD") {
        return Err(Error::Option("only GET and HEAD are redirected"));
    }
    let first = Url::parse(url)?;
    let mut url = first.clone();
    let mut followed = 0;
    loop {
        let foreign = !url.is_same_origin(&first);
        let passed: Vec<_> = match foreign {
            false => options.headers.to_vec(),
            true => {
                let secret = |name: &str| NOT_PASSED_ON.iter().any(|secret| name.eq_ignore_ascii_case(secret));
                options.headers.iter().filter(|header| !secret(header.0)).copied().collect()
            }
        };
        let mut response = request(&Options {
            host: &url.host,
            port: url.port,
            path: &url.path,
            secure: url.secure,
            headers: &passed,
            fields: options.fields.filter(|_| !foreign),
            auth: url.auth.as_deref().or(options.auth.filter(|_| !foreign)),
            ..*options
        })
        .await?
        .end("")
        .await?;
        let Some(location) = location(&response).filter(|_| options.max_redirects > 0) else { return Ok(response) };
        let next = target(&url, location, options)?;
        if followed == options.max_redirects {
            return Err(Error::Redirect("too many redirects"));
        }
        followed += 1;
        // If there is more, the connection is closed: cheaper than reading it.
        let _ = response.discard(MAX_DISCARDED).await;
        url = next;
    }
}

/// Where a redirect leads; `None` for other responses. 300 leaves the choice to a person.
fn location(response: &Response) -> Option<&str> {
    matches!(response.status(), 301 | 302 | 303 | 307 | 308)
        .then(|| response.header("location"))
        .flatten()
        .map(|location| str::from_utf8(location).unwrap_or_default())
}

fn target(from: &Url, location: &str, options: &Options<'_>) -> Result<Url, Error> {
    let next = from.join(location).map_err(|_| Error::Redirect("the redirect leads to no http: or https: URL"))?;
    if from.secure && !next.secure && !options.allow_downgrade {
        return Err(Error::Redirect("the redirect leads from https: to http:"));
    }
    if options.socket_path.is_some() && !next.is_same_origin(from) {
        return Err(Error::Redirect("the redirect leads away from the Unix socket"));
    }
    Ok(next)
}
