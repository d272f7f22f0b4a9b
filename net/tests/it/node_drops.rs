//! A loop that ends early drops what its sockets hold, although their listeners hold the sockets.

use std::{future::pending, rc::Rc, time::Duration};
use wirebook_net::{
    self as net,
    node::{Event, Server, Socket},
    tcp::TcpStream,
};

/// Listeners that hold their own socket, and a share of `held`.
fn hold(socket: &Socket, held: &Rc<()>) {
    for name in ["connect", "data", "end", "close", "error"] {
        let (own, share) = (socket.clone(), held.clone());
        socket.on(name, move |_| drop((own.clone(), share.clone())));
    }
}

#[test]
fn sockets_in_every_state_are_dropped_with_their_loop() {
    let held = Rc::new(());
    let inner = held.clone();
    net::block_on(async move {
        let server = Server::new();
        let share = inner.clone();
        server.on("connection", move |event| {
            if let Event::Connection(socket) = event {
                hold(socket, &share);
            }
        });
        let address = server.listen("127.0.0.1:0").unwrap();
        let [open, paused] = [(), ()].map(|()| Socket::connect(address));
        paused.pause();
        let connecting = Socket::connect_by(pending::<std::io::Result<TcpStream>>());
        connecting.set_timeout(Some(Duration::MAX));
        for socket in [open, paused, connecting] {
            hold(&socket, &inner);
        }
        while server.connections() < 2 {
            net::yield_now().await;
        }
        // The server's own listeners hold a share for as long as it lives; its sockets must not.
        drop((server, inner));
        net::stop();
    })
    .unwrap();
    assert!(Rc::strong_count(&held) <= 2, "{} shares are left", Rc::strong_count(&held) - 1);
}
