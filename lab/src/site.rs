//! `wirebook site`: the book, served by Wirebook's own web layer and HTTP server on its own loop.

mod routes;

use crate::book;
use crate::live::{self, tap::Tapped};
use clap::Args;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};
use tempfile::TempDir;
use wirebook_cluster as cluster;
use wirebook_http1 as http1;
use wirebook_http2 as http2;
use wirebook_net as net;
use wirebook_terminal::{Complaint, Result};
use wirebook_tls::{Acceptor, HTTP1, HTTP2, Identity, TlsListener, TlsStream};
use wirebook_web::App;

/// The book is rendered by the first workers at their start, on slow machines in a minute.
const RENDERED: Duration = Duration::from_secs(180);

/// How to serve the book.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Where to listen: a loopback address, because the live widgets answer to whoever asks; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4000")]
    addr: SocketAddr,
    /// Serve over TLS, with a certificate that is made for this machine
    #[arg(long)]
    tls: bool,
    /// Keep that certificate in a folder, so that clients need to be told once
    #[arg(long, value_name = "DIR", requires = "tls")]
    cert_dir: Option<PathBuf>,
    /// Serve from so many processes behind one port; one that dies costs its readers nothing
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: Option<u16>,
    /// Open the book in the browser
    #[arg(long)]
    open: bool,
    /// The folder with book.toml, if it is not found from here
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// Where workers find the book that one of them has rendered
    #[arg(long, hide = true, value_name = "DIR")]
    rendered: Option<PathBuf>,
    /// A crate of `wirebook learn`, whose code the widgets show beside ours
    #[arg(long, value_name = "DIR")]
    learn: Option<PathBuf>,
}

/// Renders the book and serves it until Ctrl-C.
pub(crate) fn run(options: &Options) -> Result {
    if !options.addr.ip().is_loopback() {
        return Err(Complaint::new(
            format!("{} can be reached from other machines, and the site is for yours alone.", options.addr.ip()),
            "Take a loopback address such as 127.0.0.1:4000, and a tunnel to reach it from elsewhere.",
        ));
    }
    let root = book::find(options.book.clone())?;
    if let Some(folder) = &options.learn {
        live::reader::set(crate::learn::find(folder)?);
    }
    if let Some(workers) = options.workers {
        return run_workers(options, usize::from(workers), root);
    }
    // Before the book is rendered: a port that is taken should be known at once.
    let (addr, open) = (options.addr, options.open);
    let certificate = if options.tls { Some(Certificate::new(options.cert_dir.as_deref())?) } else { None };
    let served = net::block_on(async move {
        let Listening { server, address, url } = listen(addr, root, certificate.as_ref()).await?;
        // Whoever reads where it listens may tell it to stop.
        let stop = net::ctrl_c();
        println!("listening on {address}");
        eprintln!("the book is at {url} and Ctrl-C stops it");
        // Its file stays until the site stops.
        if let Some(certificate) = &certificate {
            eprintln!("{}", certificate.hints(&url));
        }
        if open && open::that_detached(&url).is_err() {
            eprintln!("No browser could be opened; the address is {url}");
        }
        stop.await.map_err(|error| cannot_run(&error))?;
        server.close();
        net::stop();
        println!("\nstopped");
        Ok(())
    });
    served.map_err(|error| cannot_run(&error))?
}

/// Serves from several processes: this one is the master, and starts itself again for each.
fn run_workers(options: &Options, workers: usize, root: PathBuf) -> Result {
    if options.tls && options.cert_dir.is_none() {
        return Err(Complaint::new(
            "Each worker would make a certificate of its own.",
            "Keep one for all of them, as in --tls --cert-dir certificates.",
        ));
    }
    let (addr, open, secure) = (options.addr, options.open, options.tls);
    let cert_dir = options.cert_dir.clone();
    let news = move |news: &cluster::News| match news {
        cluster::News::Listening { address } => {
            let url = format!("{}://{address}/", if secure { "https" } else { "http" });
            println!("listening on {address}");
            eprintln!("the book is at {url} and Ctrl-C stops it");
            if open && open::that_detached(&url).is_err() {
                eprintln!("No browser could be opened; the address is {url}");
            }
        }
        other => cluster::host::complain(&other.to_string()),
    };
    // A worker is told where the others share what the first has rendered, and needs no place of its own.
    let shared = options.rendered.is_none().then(share_pages).transpose()?;
    let (_folder, program) = shared.unzip();
    let rendered = options.rendered.clone();
    let cluster_options = cluster::Options {
        workers: cluster::Workers::Count(workers),
        // What a page asks is answered by the process that served the page: that one alone has seen its bytes.
        policy: cluster::Policy::Sticky(cluster::policy::Sticky::Address),
        listen: vec![addr.to_string()],
        supervisor: cluster::supervisor::Options { start_timeout: RENDERED, strict: true, ..Default::default() },
        farewell: cluster::Farewell { lame_duck: Duration::from_secs(1), ..Default::default() },
        news: Some(std::rc::Rc::new(news)),
        program,
        ..cluster::Options::default()
    };
    cluster::run(cluster_options, async move |worker: cluster::Worker| {
        let complain = |complaint: Complaint| io::Error::other(complaint.to_string());
        let certificate = secure.then(|| Certificate::new(cert_dir.as_deref())).transpose().map_err(complain)?;
        // A reload is of the book as it is then.
        let shared = rendered.as_ref().map(|all| all.join(format!("generation {}", worker.identity().generation)));
        let root = root.clone();
        let rendering = net::spawn_blocking(move || match shared {
            Some(folder) => book::render_once(&root, &folder),
            None => book::render(&root),
        });
        // Who is told to leave meanwhile has promised nothing to anybody, and waits for no chapter.
        let patience = net::spawn({
            let worker = worker.clone();
            async move {
                worker.told_to_leave().await;
                std::process::exit(0);
            }
        });
        let pages = rendering.await.map_err(io::Error::other)?.map_err(complain)?;
        patience.abort();
        let name = Some(format!("{} {}", worker.identity().worker, std::process::id()));
        live::workers::set(worker.clone());
        let acceptor = certificate.as_ref().map(Certificate::acceptor).transpose().map_err(complain)?;
        let serve = |port: cluster::Listener| serve(routes::app(pages, name), port, acceptor);
        worker.listen(addr, serve).await?;
        worker.serve().await
    })
    .map_err(|error| cannot_listen(addr, &error))?;
    Ok(())
}

/// A folder for the rendered book, and this program with its name, for workers.
fn share_pages() -> Result<(TempDir, cluster::Program)> {
    let folder = TempDir::new().map_err(|error| cannot_run(&error))?;
    let mut program = cluster::Program::this().map_err(|error| cannot_run(&error))?;
    program.arguments.extend(["--rendered".into(), folder.path().into()]);
    Ok((folder, program))
}

fn cannot_run(error: &io::Error) -> Complaint {
    Complaint::new(
        format!("The event loop cannot run: {error}."),
        "`ulimit -n` may be too small for another descriptor.",
    )
}

/// A development certificate, and the file that clients are shown to believe it.
struct Certificate {
    identity: Identity,
    authority: PathBuf,
    /// Where the file is, if nobody keeps it; gone when the site stops.
    _folder: Option<TempDir>,
}

impl Certificate {
    fn new(kept: Option<&Path>) -> Result<Certificate> {
        if let Some(folder) = kept {
            let identity = Identity::dev_in(folder).map_err(|error| cannot_certify(&error))?;
            return Ok(Certificate { identity, authority: folder.join("authority.pem"), _folder: None });
        }
        let identity = Identity::dev().map_err(|error| cannot_certify(&error))?;
        let folder = TempDir::new().map_err(|error| cannot_certify(&error))?;
        let authority = folder.path().join("authority.pem");
        let pem = identity.development().map(|made| &*made.authority_pem).unwrap_or_default();
        fs::write(&authority, pem).map_err(|error| cannot_certify(&error))?;
        Ok(Certificate { identity, authority, _folder: Some(folder) })
    }

    fn acceptor(&self) -> Result<Acceptor> {
        let offered = wirebook_tls::Options { protocols: vec![HTTP2.into(), HTTP1.into()], ..Default::default() };
        Acceptor::new(&self.identity, &offered).map_err(|error| cannot_certify(&error))
    }

    /// How clients are told to believe it.
    fn hints(&self, url: &str) -> String {
        let authority = self.authority.display();
        let fingerprint = self.identity.development().map(|made| made.fingerprint()).unwrap_or_default();
        format!(
            "Its certificate is for this machine alone. These clients believe it:\n  \
             curl --cacert {authority} {url}\n  \
             NODE_EXTRA_CA_CERTS={authority} node -e 'fetch(\"{url}\").then(page => console.log(page.status))'\n  \
             chromium --ignore-certificate-errors-spki-list={fingerprint} {url}"
        )
    }
}

fn cannot_certify(error: &dyn Display) -> Complaint {
    Complaint::new(format!("{error}."), "Another folder for --cert-dir, or none, may do.")
}

struct Listening {
    server: http1::Server,
    address: SocketAddr,
    url: String,
}

/// Renders the book, and serves it.
async fn listen(addr: SocketAddr, root: PathBuf, certificate: Option<&Certificate>) -> Result<Listening> {
    let listener = net::tcp::TcpListener::bind(addr).map_err(|error| cannot_listen(addr, &error))?;
    let local = listener.local_addr().map_err(|error| cannot_listen(addr, &error))?;
    let start = Instant::now();
    let pages = book::render(&root)?;
    eprintln!("rendered {} files in {:.1} s", pages.len(), start.elapsed().as_secs_f64());
    // The loop's clock stands still within a turn: whoever was accepted in this one would count as idle since before the
    // rendering, and on a slow machine be closed for it.
    net::sleep(Duration::ZERO).await;
    let url = format!("{}://{local}/", if certificate.is_some() { "https" } else { "http" });
    let server = serve(routes::app(pages, None), listener, certificate.map(Certificate::acceptor).transpose()?);
    Ok(Listening { server, address: local, url })
}

/// Serves on a port, over TLS or not.
fn serve<L>(app: App, listener: L, acceptor: Option<Acceptor>) -> http1::Server
where
    L: net::Listener<Stream = net::tcp::TcpStream> + 'static,
{
    let Some(acceptor) = acceptor else { return app.serve_on(Tapped::new(listener)) };
    let listener = Tapped::new(TlsListener::new(listener, acceptor));
    let agreed = |stream: &Tapped<TlsStream<net::tcp::TcpStream>>| stream.get_ref().protocol();
    let options = http2::server::Options { http: app.http_options(), ..Default::default() };
    http2::serve_secure_on(listener, options, app.into_handler(), agreed)
}

fn cannot_listen(addr: SocketAddr, error: &io::Error) -> Complaint {
    match error.kind() {
        io::ErrorKind::AddrInUse => Complaint::new(
            format!("{addr} is in use: another program, or another wirebook, listens there."),
            format!("Take another port, as in --addr {}:0 for any free one.", addr.ip()),
        ),
        io::ErrorKind::PermissionDenied => Complaint::new(
            format!("This user may not listen on {addr}."),
            "Ports below 1024 are the administrator's: take a higher one, as in --addr 127.0.0.1:4000.",
        ),
        _ => Complaint::new(format!("{addr} cannot be listened on: {error}."), "Try --addr 127.0.0.1:4000."),
    }
}
