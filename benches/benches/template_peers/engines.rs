//! The engines that compile at run time, each with its data built before the measurement.

use std::io::Write;

use serde::Serialize;

/// A page to be rendered again and again at the end of a buffer.
pub(crate) type Page = Box<dyn Fn(&mut String)>;

/// One of the pages of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Table,
    Teams,
    Text,
}

pub(crate) fn ejs(kind: Kind) -> &'static str {
    match kind {
        Kind::Table => {
            "<table><% for (const row of table) { %><tr><% for (const cell of row) { %><td><%= cell %></td><% } %></tr><% } %></table>"
        }
        Kind::Teams => {
            "<html><head><title><%= year %></title></head><body><h1>CSL <%= year %></h1><ul><% for (let i = 0; i < teams.length; i++) { const team = teams[i]; %><li class=\"<% if (i === 0) { %>champion<% } %>\"><b><%= team.name %></b>: <%= team.score %></li><% } %></ul></body></html>"
        }
        Kind::Text => "<p><%= text %></p>",
    }
}

/// The Jinja family's spelling; `first` is how the first turn of a loop is asked for.
fn jinja(kind: Kind, first: &str) -> String {
    match kind {
        Kind::Table => "<table>{% for row in table %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>".into(),
        Kind::Teams => format!(
            "<html><head><title>{{{{ year }}}}</title></head><body><h1>CSL {{{{ year }}}}</h1><ul>{{% for team in teams %}}<li class=\"{{% if {first} %}}champion{{% endif %}}\"><b>{{{{ team.name }}}}</b>: {{{{ team.score }}}}</li>{{% endfor %}}</ul></body></html>"
        ),
        Kind::Text => "<p>{{ text }}</p>".into(),
    }
}

pub(crate) fn wirebook<T: Serialize>(kind: Kind, data: &T) -> Page {
    let template = wirebook_template::Template::compile(ejs(kind)).expect("compiles");
    let data = wirebook_template::Value::serialize(data).expect("data");
    Box::new(move |out| template.render(&data, out).expect("renders"))
}

pub(crate) fn minijinja<T: Serialize>(kind: Kind, data: &T) -> Page {
    let mut environment = minijinja::Environment::new();
    environment.add_template_owned("page.html", jinja(kind, "loop.first")).expect("compiles");
    let data = minijinja::Value::from(minijinja::value::Serde(data));
    Box::new(move |out| {
        out.push_str(&environment.get_template("page.html").expect("there").render(&data).expect("renders"))
    })
}

pub(crate) fn upon<T: Serialize>(kind: Kind, data: &T) -> Page {
    let source = match kind {
        Kind::Table => "<table>{% for row in table %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>".to_owned(),
        _ => jinja(kind, "loop.first"),
    };
    let mut engine = upon::Engine::new();
    // upon has no escaping of its own: its formatter for HTML is what it offers.
    engine.set_default_formatter(&upon::fmt::default);
    engine.add_formatter("html", escape_html);
    engine.set_default_formatter(&escape_html);
    engine.add_template("page", source).expect("compiles");
    let data = upon::to_value(data).expect("data");
    Box::new(move |out| {
        out.push_str(&engine.template("page").render_from(&data).to_string().expect("renders"));
    })
}

/// The escaping that upon's manual shows, with EJS's five characters.
fn escape_html(out: &mut upon::fmt::Formatter<'_>, value: &upon::Value) -> upon::fmt::Result {
    use std::fmt::Write;
    let upon::Value::String(text) = value else { return upon::fmt::default(out, value) };
    let mut copied = 0;
    for (n, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&#34;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[copied..n])?;
        out.write_str(entity)?;
        copied = n + 1;
    }
    out.write_str(&text[copied..])?;
    Ok(())
}

pub(crate) fn tera<T: Serialize>(kind: Kind, data: &T) -> Page {
    let mut engine = tera::Tera::default();
    engine.add_raw_template("page.html", &jinja(kind, "loop.first")).expect("compiles");
    let context = tera::Context::from_serialize(data).expect("data");
    Box::new(move |out| out.push_str(&engine.render("page.html", &context).expect("renders")))
}

pub(crate) fn handlebars<T: Serialize>(kind: Kind, data: &T) -> Page {
    let source = match kind {
        Kind::Table => "<table>{{#each table}}<tr>{{#each this}}<td>{{this}}</td>{{/each}}</tr>{{/each}}</table>",
        Kind::Teams => {
            "<html><head><title>{{year}}</title></head><body><h1>CSL {{year}}</h1><ul>{{#each teams}}<li class=\"{{#if @first}}champion{{/if}}\"><b>{{name}}</b>: {{score}}</li>{{/each}}</ul></body></html>"
        }
        Kind::Text => "<p>{{text}}</p>",
    };
    let mut engine = handlebars::Handlebars::new();
    engine.register_template_string("page", source).expect("compiles");
    let data = handlebars::Context::wraps(data).expect("data");
    Box::new(move |out| out.push_str(&engine.render_with_context("page", &data).expect("renders")))
}

pub(crate) fn liquid<T: Serialize>(kind: Kind, data: &T) -> Page {
    let source = match kind {
        Kind::Text => "<p>{{ text | escape }}</p>".to_owned(),
        _ => jinja(kind, "forloop.first"),
    };
    let template = liquid::ParserBuilder::with_stdlib().build().expect("a parser").parse(&source).expect("compiles");
    let data = liquid::to_object(data).expect("data");
    Box::new(move |out| {
        let mut bytes = std::mem::take(out).into_bytes();
        let _ = bytes.flush();
        template.render_to(&mut bytes, &data).expect("renders");
        *out = String::from_utf8(bytes).expect("UTF-8");
    })
}
