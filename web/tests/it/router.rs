//! The router: the tree against the obvious one over tables and paths that nobody wrote, and every bound at its edge.

use wirebook_web::router::{
    Class, Fault, Found, LONGEST_PATTERN, MOST_PARAMETERS, MOST_ROUTES, Method, NoUrl, Pattern, Problem, Router,
    Routes, Spans, Unclean, Why, file_names, meaning, wash,
};

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A path or a pattern of such segments.
    fn joined(&mut self, of: &[&str]) -> String {
        (0..=self.below(4)).map(|_| format!("/{}", self.one(of))).collect()
    }
}

const SEGMENTS: &[&str] =
    &["", "a", "ab", "abc", "b", "7", "42", "é", "a.json", "b.x", "0f8fad5b-d9cb-469f-a165-70867728950e", "%2F", "new"];
const PIECES: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "b",
    "7",
    "{x}",
    "{y:int}",
    "{z:uuid}",
    "{w:[a-c]}",
    "{v:[a]}",
    "{u}.json",
    "{t:[a-z]}.x",
    "a{s}",
    "ab{r:int}",
    "{*rest}",
    "é",
    "{{b}}",
    "new",
    "v{q}.json",
];

/// The route that the tree finds, as its number.
fn found(router: &Router<usize>, skip: usize, method: Method<'_>, path: &str) -> Result<usize, u16> {
    let (path, mut spans) = (wash(path).expect("a clean path"), Spans::default());
    match router.find_after(skip, "example.com", method, &path, &mut spans) {
        Found::Route(found) => Ok(*found.route().value()),
        Found::Options(_) => Err(204),
        Found::MethodNotAllowed(_) => Err(405),
        Found::NotImplemented => Err(501),
        Found::NotFound => Err(404),
    }
}

#[test]
fn the_tree_says_what_the_obvious_router_says() {
    let mut dice = Dice(7);
    let (mut routed, mut passed) = (0, 0);
    for _ in 0..2_000 {
        let mut routes = Routes::new();
        for number in 0..1 + dice.below(24) {
            let pattern = dice.joined(PIECES);
            let method = dice.one(&["GET", "HEAD", "POST", "PURGE", "*"]);
            let _ =
                if method == "*" { routes.any(&pattern, number) } else { routes.add(method, &pattern, number) }.is_ok();
        }
        let Ok(router) = routes.build() else { continue };
        for _ in 0..40 {
            let (path, method) = (
                dice.joined(SEGMENTS),
                Method::named(dice.one(&["GET", "HEAD", "POST", "PURGE", "BREW", "OPTIONS", "TRACE"])),
            );
            let washed = wash(&path).expect("a clean path");
            let all = router.explain("example.com", method, &washed, usize::MAX);
            let fits = all.candidates.iter().filter(|candidate| candidate.why == Why::Fits);
            let fits: Vec<usize> = fits.map(|candidate| *router.routes()[candidate.route].value()).collect();
            // Every route that fits is found, in the same order, when those before it are passed over.
            for (skip, wanted) in fits.iter().enumerate() {
                assert_eq!(found(&router, skip, method, &path), Ok(*wanted), "{method} {path} after {skip} of\n{all}");
                passed += usize::from(skip > 0);
            }
            assert!(found(&router, fits.len(), method, &path).is_err());
            match fits.is_empty() {
                true => assert_eq!(found(&router, 0, method, &path), Err(all.status), "{method} {path}\n{all}"),
                false => routed += 1,
            }
        }
    }
    assert!(routed > 2_000 && passed > 400, "{routed} were routed, {passed} passed on");
}

#[test]
fn parameters_lie_where_the_pattern_says() {
    let mut dice = Dice(11);
    let mut checked = 0;
    for _ in 0..20_000 {
        let (pattern, path) = (dice.joined(PIECES), dice.joined(SEGMENTS));
        let mut routes = Routes::new();
        let Ok(route) = routes.add("GET", &pattern, 0) else { continue };
        route.named("it");
        let router = routes.build().expect("one route");
        let (path, mut spans) = (wash(&path).expect("a clean path"), Spans::default());
        let Found::Route(matched) = router.find("", Method::Get, &path, &mut spans) else { continue };
        // Putting the values back gives the path again.
        let values: Vec<(&str, String)> = matched.params().map(|(name, value)| (name, value.into_owned())).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
        match router.url("it", &values) {
            Ok(url) if !pattern.contains("{*") => assert_eq!(wash(&url).as_ref(), Ok(&path), "{pattern} {url}"),
            Ok(url) => assert_eq!(meaning(wash(&url).expect("clean").as_str()), meaning(path.as_str())),
            Err(error) => panic!("{pattern} {path:?} {values:?}: {error}"),
        }
        checked += 1;
    }
    assert!(checked > 300, "{checked} were checked");
}

#[test]
fn limit_of_parameters() {
    let pattern = |count: usize| (0..count).map(|at| format!("/{{p{at}}}")).collect::<String>();
    let mut routes = Routes::new();
    for count in [1, MOST_PARAMETERS] {
        routes.add("GET", &pattern(count), count).expect("as many as may be");
    }
    assert_eq!(Pattern::parse(&pattern(MOST_PARAMETERS + 1)).unwrap_err().0, Fault::TooManyParameters);
    let router = routes.build().expect("a router");
    let (path, mut spans) = (wash("/0/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15").unwrap(), Spans::default());
    let Found::Route(found) = router.find("", Method::Get, &path, &mut spans) else { panic!() };
    assert_eq!(found.param("p15").as_deref(), Some("15"));
    assert_eq!(found.params().count(), MOST_PARAMETERS);
    // Those of a host count, too.
    for (of_path, fits) in [(MOST_PARAMETERS - 1, true), (MOST_PARAMETERS, false)] {
        let (mut inner, mut routes) = (Routes::new(), Routes::new());
        inner.add("GET", &pattern(of_path), 0).unwrap();
        routes.host("{tenant}.example.com", inner).unwrap();
        assert_eq!(routes.build().is_ok(), fits, "{of_path}");
    }
}

#[test]
fn limit_of_a_pattern() {
    let pattern = |length: usize| format!("/{}", "a".repeat(length - 1));
    assert!(Pattern::parse(&pattern(1)).is_ok());
    assert!(Pattern::parse(&pattern(LONGEST_PATTERN)).is_ok());
    assert_eq!(Pattern::parse(&pattern(LONGEST_PATTERN + 1)).unwrap_err().0, Fault::TooLong);
    assert_eq!(Pattern::parse("").unwrap_err().0, Fault::NotAbsolute);
    // Prefixes count.
    let (mut inner, mut routes) = (Routes::new(), Routes::new());
    inner.add("GET", &pattern(LONGEST_PATTERN), 0).unwrap();
    let error = routes.nest("/x", inner).unwrap_err();
    assert_eq!(error.problem, Problem::Pattern(Fault::TooLong, LONGEST_PATTERN));
    // The deepest tree that patterns can make: a node for each byte.
    let mut routes = Routes::new();
    for length in 1..=LONGEST_PATTERN {
        routes.add("GET", &pattern(length), length).unwrap();
    }
    let router = routes.build().unwrap();
    assert_eq!(found(&router, 0, Method::Get, &pattern(LONGEST_PATTERN)), Ok(LONGEST_PATTERN));
    assert_eq!(found(&router, 0, Method::Get, &pattern(40_000)), Err(404));
}

#[test]
fn limit_of_routes() {
    let table = |count: usize| {
        let mut routes = Routes::new();
        for number in 0..count {
            routes.add("GET", &format!("/{number}/{{x}}"), number).expect("a route");
        }
        routes.build()
    };
    assert_eq!(found(&table(0).unwrap(), 0, Method::Get, "/"), Err(404));
    let router = table(MOST_ROUTES).expect("as many as may be");
    assert_eq!(found(&router, 0, Method::Get, "/65534/a"), Ok(65_534));
    assert_eq!(table(MOST_ROUTES + 1).unwrap_err().problem, Problem::TooManyRoutes);
}

/// The most choices that a walk can take back: at each of sixteen segments a literal, a class and a parameter, none of which leads
/// to an end. A node stands at one place of the path, so a look-up is bounded by the table.
#[test]
fn taking_back_is_bounded_by_the_table() {
    let mut routes = Routes::new();
    let mut number = 0;
    for depth in 0..8 {
        for choice in ["a", "{x:[a]}", "{x}"] {
            let before: String = (0..depth).map(|at| format!("/{{p{at}}}")).collect();
            routes.add("GET", &format!("{before}/{choice}/end{number}"), number).unwrap();
            number += 1;
        }
    }
    let router = routes.build().unwrap();
    let path = format!("{}/b", "/a".repeat(20_000));
    for _ in 0..1_000 {
        assert_eq!(found(&router, 0, Method::Get, &path), Err(404));
    }
}

#[test]
fn every_fault_and_every_unclean_path_has_a_case() {
    let documents =
        concat!(include_str!("../../../tests/cases/web/routes.md"), include_str!("../../../tests/cases/web/paths.md"));
    for fault in Fault::ALL {
        // These two are long, and stand above.
        let is_here = matches!(fault, Fault::TooLong | Fault::TooManyParameters);
        assert!(is_here || documents.contains(&format!(": {fault:?} at byte")), "{fault:?}");
    }
    for unclean in Unclean::ALL {
        assert!(documents.contains(&format!("\n{unclean:?}\n")), "{unclean:?}");
    }
}

#[test]
fn nesting_prefixes_and_names() {
    let mut pages = Routes::new();
    pages.add("GET", "/", 1).unwrap().named("pages");
    pages.add("GET", "/{page}", 2).unwrap().named("page");
    let mut site = Routes::new();
    site.nest("/{lang:[a-z]}/docs", pages.clone()).unwrap();
    site.nest("", pages.clone()).unwrap();
    let error = site.clone().build().unwrap_err();
    assert_eq!(error.problem, Problem::NameTaken);
    let mut site = Routes::new();
    site.nest("/{lang:[a-z]}/docs", pages.clone()).unwrap();
    let router = site.build().unwrap();
    assert_eq!(router.url("page", &[("lang", "en"), ("page", "a b")]).unwrap(), "/en/docs/a%20b");
    assert_eq!(router.url("pages", &[("lang", "EN")]), Err(NoUrl::Value("lang".into())));
    assert_eq!(found(&router, 0, Method::Get, "/en/docs"), Ok(1));
    assert_eq!(found(&router, 0, Method::Get, "/en/docs/"), Err(404));
    for prefix in ["/a/", "/{*rest}", "/"] {
        assert_eq!(Routes::new().nest(prefix, pages.clone()).unwrap_err().problem, Problem::Prefix, "{prefix}");
    }
    // A parameter of the prefix and one of the route of one name.
    let mut routes = Routes::new();
    assert!(matches!(
        routes.nest("/{page}", pages.clone()).unwrap_err().problem,
        Problem::Pattern(Fault::NameTwice, _)
    ));
    // A host within a host.
    let (mut one, mut two) = (Routes::new(), Routes::new());
    one.host("a.example.com", pages).unwrap();
    assert_eq!(two.host("b.example.com", one).unwrap_err().problem, Problem::HostTwice);
}

#[test]
fn classes_at_their_edges() {
    assert!(Class::Int.admits(b"0") && Class::Int.admits(b"18446744073709551615") && Class::Int.admits(b"007"));
    for no in ["", "-1", "+1", "1.0", "18446744073709551616", "99999999999999999999999999", "١"] {
        assert!(!Class::Int.admits(no.as_bytes()), "{no}");
    }
    assert!(Class::Uuid.admits(b"0F8FAD5B-d9cb-469f-a165-70867728950e"));
    for no in [
        "0f8fad5b-d9cb-469f-a165-70867728950",
        "0f8fad5bd9cb469fa16570867728950e",
        "0f8fad5b-d9cb-469f-a165-70867728950g",
    ] {
        assert!(!Class::Uuid.admits(no.as_bytes()), "{no}");
    }
    assert!(!Class::Any.admits(b"") && Class::Any.admits(b"\xff"));
    assert!(!Class::Bytes(u128::MAX).admits("é".as_bytes()), "a set is of ASCII");
}

#[test]
fn no_list_of_names_leads_out_of_a_folder() {
    let mut dice = Dice(3);
    for _ in 0..20_000 {
        let piece: String = (0..dice.below(8))
            .map(|_| dice.one(&["a", ".", "/", "..", "%2F", "\\", ":", "\0", "%25", "é", "//", "\n"]))
            .collect();
        let Some(names) = file_names(&piece) else { continue };
        assert!(!names.is_empty());
        for name in names {
            assert!(
                !name.is_empty() && name != "." && name != ".." && !meaning(name).contains(['/', '\\', '\0', ':']),
                "{piece:?}"
            );
        }
    }
}
