//! The reader's code in a race with ours: the same inputs, theirs measured inside their process and ours inside this one.

use super::desk::Desk;
use super::reader::{Reader, Trouble, build};
use super::show;
use super::stage::Stage;
use serde_json::json;
use std::time::Duration;
use wirebook_race::lesson;
use wirebook_terminal::Complaint;

const HEATS: usize = 15;
const HEAT: Duration = Duration::from_millis(8);

/// Builds the crate with all optimisations, races, and shows the table.
pub(super) fn run(desk: &Desk<'_>, stage: &Stage) -> Result<(), Complaint> {
    let Some(lesson) = lesson(stage.name, HEATS, HEAT) else {
        return Err(Complaint::new(
            format!("There is no race for {}.", stage.name),
            "Those that race are head, chunks, unmask, events and escape.",
        ));
    };
    let theirs = theirs(desk, stage, &lesson.inputs).map_err(|trouble| {
        let hint = format!("`wirebook learn check {}` must pass before it can race.", stage.name);
        Complaint::new(trouble.sentence, hint)
    })?;
    let mut table: Vec<(String, f64)> = lesson.ours;
    table.push(("yours".into(), theirs));
    table.sort_by(|one, other| other.1.total_cmp(&one.1));
    let bytes = lesson.inputs.iter().map(Vec::len).sum::<usize>() / lesson.inputs.len();
    let rows = table.iter().map(|(name, ns)| json!({ "name": name, "ns": ns, "ratio": theirs / ns }));
    let value = json!({ "stage": stage.name, "bytes": bytes, "laps": rows.collect::<Vec<_>>() });
    show::print(desk.json, &value, || {
        let mut out = format!("{}: {} inputs of {bytes} bytes on average\n", stage.name, lesson.inputs.len());
        let most = table.iter().map(|(_, ns)| theirs / ns).fold(1.0, f64::max);
        for (name, ns) in &table {
            let ratio = theirs / ns;
            let bar = "█".repeat((ratio / most * 30.0).round() as usize);
            out += &format!("  {name:14}{ns:12.1} ns {ratio:7.2}×  {bar}\n");
        }
        out
    })
}

fn theirs(desk: &Desk<'_>, stage: &Stage, inputs: &[Vec<u8>]) -> Result<f64, Trouble> {
    let program = build(desk.root, true)?;
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let answer = Reader::start(&program)?.race(stage.name, &inputs)?;
    let mut heats: Vec<f64> = answer.lines.iter().filter_map(|line| line.parse().ok()).collect();
    heats.sort_by(f64::total_cmp);
    let refused = || Trouble {
        sentence: format!("Your code refuses an input of the race: {}.", answer.lines.join(" ")),
        said: String::new(),
    };
    heats.get(heats.len() / 2).copied().filter(|ns| *ns > 0.0).ok_or_else(refused)
}
