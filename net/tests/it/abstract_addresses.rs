//! Unix addresses that are no files: Linux's abstract names, and the answer elsewhere.

use std::io::ErrorKind;
use wirebook_net::{
    self as net, Datagrams, Listener, Stream,
    unix::{UnixDatagram, UnixListener, UnixStream},
};

fn name(of: &str) -> Vec<u8> {
    format!("wirebook-{of}-{}", std::process::id()).into_bytes()
}

#[test]
fn elsewhere_than_on_linux_they_are_unsupported() {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        return;
    }
    net::block_on(async {
        assert_eq!(UnixListener::bind_abstract(name("none")).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(UnixStream::connect_abstract(name("none")).await.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(UnixDatagram::bind_abstract(name("none")).unwrap_err().kind(), ErrorKind::Unsupported);
    })
    .unwrap();
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use super::*;

    #[test]
    fn a_stream_between_names_without_a_file() {
        net::block_on(async {
            let listener = UnixListener::bind_abstract(name("stream")).unwrap();
            assert_eq!(listener.path(), None, "there is no file");
            let taken = UnixListener::bind_abstract(name("stream")).unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
            assert!(taken.to_string().starts_with("cannot listen on @wirebook-stream-"), "{taken}");
            let client = UnixStream::connect_abstract(name("stream")).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            client.write_all(b"hello").await.unwrap();
            assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 5);
            drop(listener);
            // The name goes with its socket, and needs no cleaning.
            let gone = UnixStream::connect_abstract(name("stream")).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::ConnectionRefused);
            assert!(gone.to_string().starts_with("cannot connect to @wirebook-stream-"), "{gone}");
            UnixListener::bind_abstract(name("stream")).unwrap();
        })
        .unwrap();
    }

    #[test]
    fn names_of_every_length_and_byte() {
        net::block_on(async {
            // 108 bytes, and one of them says that the name is abstract.
            let long = [name("long"), vec![b'x'; 107]].concat();
            for odd in [&long[..107], b"wirebook\0with\0zeros", b"wirebook-\xff\xfe"] {
                let odd = [odd, &[][..]].concat();
                let listener = UnixListener::bind_abstract(&odd).unwrap();
                UnixStream::connect_abstract(&odd).await.unwrap();
                drop(listener);
            }
            for bad in [&[][..], &long[..108]] {
                assert_eq!(UnixListener::bind_abstract(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(UnixStream::connect_abstract(bad).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            }
        })
        .unwrap();
    }

    #[test]
    fn datagrams_between_names() {
        net::block_on(async {
            let receiver = UnixDatagram::bind_abstract(name("to")).unwrap();
            let sender = UnixDatagram::bind_abstract(name("from")).unwrap();
            sender.send_to_abstract(b"hello", name("to")).await.unwrap();
            let received = receiver.recv_from(&mut [0; 8]).await.unwrap();
            assert_eq!((received.length, received.from), (5, None), "an abstract name is no path");
        })
        .unwrap();
    }
}
