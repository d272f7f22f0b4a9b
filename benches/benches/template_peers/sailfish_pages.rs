//! sailfish compiles at build time too, from the files in `benches/templates`.

use sailfish::TemplateSimple;

use super::askama_pages::{Table, Team, Teams, Text};

#[derive(TemplateSimple)]
#[template(path = "table.stpl")]
struct TablePage<'a> {
    table: &'a [Vec<i32>],
}

#[derive(TemplateSimple)]
#[template(path = "teams.stpl")]
struct TeamsPage<'a> {
    year: u16,
    teams: &'a [Team],
}

#[derive(TemplateSimple)]
#[template(path = "text.stpl")]
struct TextPage<'a> {
    text: &'a str,
}

pub(crate) fn table(data: &Table, out: &mut String) {
    out.push_str(&TablePage { table: &data.table }.render_once().expect("renders"));
}

pub(crate) fn teams(data: &Teams, out: &mut String) {
    out.push_str(&TeamsPage { year: data.year, teams: &data.teams }.render_once().expect("renders"));
}

pub(crate) fn text(data: &Text, out: &mut String) {
    out.push_str(&TextPage { text: &data.text }.render_once().expect("renders"));
}
