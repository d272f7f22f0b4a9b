//! Addresses as people write them, and errors that say what is wrong: the call, the address, the reason.

use std::{
    io::ErrorKind,
    net::{Ipv6Addr, SocketAddr, SocketAddrV6},
};
use wirebook_net::{
    self as net, Address, Datagrams, Target,
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
};

fn v6(ip: &str, port: u16, scope: u32) -> Target {
    Target::Addresses(vec![SocketAddrV6::new(ip.parse().unwrap(), port, 0, scope).into()])
}

#[test]
fn texts_that_are_addresses() {
    for (text, target) in [
        ("127.0.0.1:80", Target::Addresses(vec!["127.0.0.1:80".parse().unwrap()])),
        ("0.0.0.0:0", Target::Addresses(vec!["0.0.0.0:0".parse().unwrap()])),
        ("[::1]:80", v6("::1", 80, 0)),
        ("[::]:65535", v6("::", 65535, 0)),
        ("[::1%1]:0", v6("::1", 0, 1)),
        ("[fe80::1%4294967295]:80", v6("fe80::1", 80, u32::MAX)),
        ("example.com:80", Target::Name("example.com".into(), 80)),
        ("a_b.local:0080", Target::Name("a_b.local".into(), 80)),
    ] {
        assert_eq!(text.target(), target, "{text}");
    }
    assert_eq!(("::1", 80).target(), v6("::1", 80, 0));
    assert_eq!(("[::1]", 80).target(), v6("::1", 80, 0));
    assert_eq!(("fe80::1%7", 80).target(), v6("fe80::1", 80, 7));
    assert_eq!(("localhost".to_owned(), 80).target(), Target::Name("localhost".into(), 80));
}

/// Each with the part of the sentence that says what is wrong.
const WRONG: [(&str, &str); 26] = [
    ("", "it is empty"),
    ("127.0.0.1", "it has no port"),
    ("localhost", "it has no port"),
    ("localhost:", "it has no port"),
    ("127.0.0.1:99999", "the port 99999 is more than 65535"),
    ("127.0.0.1:65536", "the port 65536 is more than 65535"),
    ("127.0.0.1:99999999999999999999", "is more than 65535"),
    ("127.0.0.1:http", "the port \"http\" is not a number"),
    ("127.0.0.1:+80", "the port \"+80\" is not a number"),
    ("127.0.0.1:-1", "the port \"-1\" is not a number"),
    ("127.0.0.1: 80", "the port \" 80\" is not a number"),
    (":8080", "it has no host"),
    (":", "it has no port"),
    ("::1", "an IPv6 address stands in brackets"),
    ("::1:80", "an IPv6 address stands in brackets"),
    ("a:b:80", "more than one colon"),
    ("[::1]", "it has no port"),
    ("[::1]80", "a colon and the port follow the bracket"),
    ("[::1:80", "the bracket is not closed"),
    ("[]:80", "the brackets are empty"),
    ("[127.0.0.1]:80", "no IPv6 address stands in the brackets"),
    ("[example.com]:80", "no IPv6 address stands in the brackets"),
    ("[::1%]:80", "no interface is named after the %"),
    ("[::1%no-such-interface]:80", "no interface is called \"no-such-interface\""),
    ("[::1%4294967296]:80", "no interface is called \"4294967296\""),
    ("exa mple.com:80", "a host name has no blanks"),
];

#[test]
fn texts_that_are_none_say_what_is_wrong() {
    net::block_on(async {
        for (text, reason) in WRONG {
            let calls = [
                ("listen on", TcpListener::bind(text).unwrap_err()),
                ("connect to", TcpStream::connect(text).await.unwrap_err()),
                ("bind", UdpSocket::bind(text).unwrap_err()),
            ];
            for (call, error) in calls {
                let sentence = error.to_string();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
                assert!(sentence.starts_with(&format!("cannot {call} {text:?}: ")), "{sentence}");
                assert!(sentence.contains(reason), "{text:?}: {sentence}");
            }
            assert!(text.target().resolve_blocking().unwrap_err().to_string().contains(reason), "{text}");
        }
        for host in ["", "[", "[]", "a b", "a\0b", "a:b", "::1%"] {
            let error = TcpStream::connect((host, 80)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{host:?}: {error}");
        }
    })
    .unwrap();
}

#[test]
fn no_address_at_all_is_an_error() {
    net::block_on(async {
        let none: Vec<SocketAddr> = Vec::new();
        assert_eq!(TcpListener::bind(&none).unwrap_err().to_string(), "cannot listen: there is no address");
        assert_eq!(TcpStream::connect(&none).await.unwrap_err().to_string(), "cannot connect: there is no address");
        assert_eq!(UdpSocket::bind(&none).unwrap_err().to_string(), "cannot bind: there is no address");
        assert_eq!(none.target().resolve_blocking().unwrap_err().kind(), ErrorKind::InvalidInput);
    })
    .unwrap();
}

#[test]
fn errors_name_the_call_and_the_address_and_keep_their_kind() {
    net::block_on(async {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = one.local_addr().unwrap();
        let error = TcpListener::bind(taken).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen on {taken}: address in use"));
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let cause = error.get_ref().and_then(|error| error.source()).expect("the operating system's own error");
        assert!(cause.to_string().contains("os error"), "{cause}");
        drop(one);

        let error = TcpStream::connect(taken).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot connect to {taken}: connection refused"));
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);

        let elsewhere = "203.0.113.1:80".parse::<SocketAddr>().unwrap();
        let error = TcpListener::bind(elsewhere).unwrap_err();
        assert_eq!(error.to_string(), "cannot listen on 203.0.113.1:80: address not available");

        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let taken = one.local_addr().unwrap();
        let error = UdpSocket::bind(taken).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot bind {taken}: address in use"));
        let error = UdpSocket::bind_shared(elsewhere).unwrap_err();
        assert_eq!(error.to_string(), "cannot bind 203.0.113.1:80: address not available");
        let everybody = "255.255.255.255:9".parse().unwrap();
        let error = one.send_to(b"x", &everybody).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot send to 255.255.255.255:9: permission denied");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);

        let error = TcpStream::connect("no-such-host.invalid:80").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable, "{error}");
        assert!(error.to_string().starts_with("cannot connect to no-such-host.invalid:80: "), "{error}");
        let error = net::lookup("no-such-host.invalid", 80).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable, "{error}");
        assert!(error.to_string().starts_with("cannot look up no-such-host.invalid: "), "{error}");
    })
    .unwrap();
}

#[test]
fn a_scope_is_the_index_or_the_name_of_an_interface() {
    let names: Vec<_> = ["lo", "lo0"].iter().map(|name| format!("[fe80::1%{name}]:80").target()).collect();
    let found = names.iter().any(|target| match target {
        Target::Addresses(addresses) => matches!(addresses[0], SocketAddr::V6(address) if address.scope_id() > 0),
        _ => false,
    });
    assert!(found, "every machine has a loopback: {names:?}");
    net::block_on(async {
        match TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
            Err(_) => eprintln!("no IPv6 here"),
            Ok(_) => drop(TcpListener::bind("[::1%1]:0").unwrap()),
        }
    })
    .unwrap();
}
