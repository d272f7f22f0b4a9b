//! askama compiles at build time: types and source here, no parsing at run time.

use askama::Template as _;
use serde::Serialize;

#[derive(Serialize, Clone)]
pub(crate) struct Table {
    pub(crate) table: Vec<Vec<i32>>,
}

#[derive(Serialize, Clone)]
pub(crate) struct Team {
    pub(crate) name: String,
    pub(crate) score: u8,
}

#[derive(Serialize, Clone)]
pub(crate) struct Teams {
    pub(crate) year: u16,
    pub(crate) teams: Vec<Team>,
}

#[derive(Serialize, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
}

#[derive(askama::Template)]
#[template(
    source = "<table>{% for row in table %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>",
    ext = "html"
)]
struct TablePage<'a> {
    table: &'a [Vec<i32>],
}

#[derive(askama::Template)]
#[template(
    source = "<html><head><title>{{ year }}</title></head><body><h1>CSL {{ year }}</h1><ul>{% for team in teams %}<li class=\"{% if loop.first %}champion{% endif %}\"><b>{{ team.name }}</b>: {{ team.score }}</li>{% endfor %}</ul></body></html>",
    ext = "html"
)]
struct TeamsPage<'a> {
    year: u16,
    teams: &'a [Team],
}

#[derive(askama::Template)]
#[template(source = "<p>{{ text }}</p>", ext = "html")]
struct TextPage<'a> {
    text: &'a str,
}

pub(crate) fn table(data: &Table, out: &mut String) {
    TablePage { table: &data.table }.render_into(out).expect("renders");
}

pub(crate) fn teams(data: &Teams, out: &mut String) {
    TeamsPage { year: data.year, teams: &data.teams }.render_into(out).expect("renders");
}

pub(crate) fn text(data: &Text, out: &mut String) {
    TextPage { text: &data.text }.render_into(out).expect("renders");
}
