//! A render: includes inside includes, layouts around pages.

use crate::build::Unit;
use crate::files::Shared;
use crate::page::{Layout, Page};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use wirebook_script::{Cx, ErrorKind, Host, Object, Program, R, Site, Source, Value};

impl Host for Shared {
    fn global(&self, name: &str) -> Option<Value> {
        self.helper(name)
    }

    fn now(&self) -> f64 {
        let clock = self.hooks.borrow().clock.clone();
        let now = clock.map_or_else(SystemTime::now, |clock| clock());
        match now.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_millis() as f64,
            Err(before) => -(before.duration().as_millis() as f64),
        }
    }

    fn zone(&self, time: f64) -> f64 {
        let zone = self.hooks.borrow().zone.clone();
        zone.map_or(0.0, |zone| zone(time))
    }

    fn seed(&self) -> u64 {
        self.hooks.borrow().seed
    }

    fn log(&self, line: &str) {
        let log = self.hooks.borrow().log.clone();
        if let Some(log) = log {
            log(line);
        }
    }

    /// `include(name, data)`: the including template's data goes on, with `data` on top.
    fn include(&self, cx: &mut Cx<'_>, site: &Site<'_>, args: &[Value]) -> R<()> {
        let Some(Value::String(name)) = args.first() else {
            return cx.type_error("the name of an included template must be a string");
        };
        let name = name.clone();
        let data = match args.get(1) {
            Some(more) => merged(cx, site.data, more)?,
            None => site.data.clone(),
        };
        inside(cx, site.source, site.data, |cx| {
            let unit = self.open(cx, site.path, name.as_str(), &data)?;
            self.render(cx, &unit, &data).map_err(|halt| {
                let halt = cx.at(halt, site.offset);
                cx.included_at(halt, site.source, site.offset)
            })
        })
    }
}

impl Shared {
    /// Renders a template with its data at the end of the output; its layout, if it asks for one, around it.
    pub(crate) fn render(&self, cx: &mut Cx<'_>, unit: &Unit, data: &Value) -> R<()> {
        if !unit.has_layout {
            return cx.run(&unit.program, data);
        }
        let outer = cx.state::<Page>().layout.take();
        let result = self.with_layout(cx, &unit.program, data);
        cx.state::<Page>().layout = outer;
        result
    }

    /// A template that may ask for a layout is a value until that has placed it.
    fn with_layout(&self, cx: &mut Cx<'_>, program: &Program, data: &Value) -> R<()> {
        let start = cx.gathered();
        cx.hold(|cx| cx.run(program, data))?;
        let Some(Layout { name, data: more, offset }) = cx.state::<Page>().layout.take() else { return Ok(()) };
        let body = cx.take_since(start);
        cx.string_of(body.len())?;
        let body: Object = [("body".into(), Value::from(body))].into_iter().collect();
        let with_body = merged(cx, data, &more)?;
        let with_body = merged(cx, &with_body, &body.into())?;
        let rendered = inside(cx, program.source(), data, |cx| {
            let outer = self.open(cx, program.path(), name.as_str(), &with_body)?;
            self.render(cx, &outer, &with_body)
        });
        rendered.map_err(|halt| cx.included_at(halt, program.source(), offset))
    }

    /// The template that `name` means in the template at `from`. The same template with the same data inside itself
    /// would never end; with other data it may, and its depth is bounded.
    fn open(&self, cx: &mut Cx<'_>, from: &str, name: &str, data: &Value) -> R<Rc<Unit>> {
        cx.steps(1)?;
        cx.check_stack()?;
        let unit = match self.find(from, name) {
            Ok(unit) => unit,
            Err(error) => return cx.fail_with(error),
        };
        let limit = cx.limits().include_depth;
        let open = &cx.state::<Page>().open;
        let again = |(open, with): &(Rc<Source>, Value)| Rc::ptr_eq(open, unit.program.source()) && with.is_same(data);
        let message = if let Some(at) = open.iter().position(again) {
            let chain: Vec<&str> = open[at..].iter().map(|(open, _)| open.name()).collect();
            format!("include cycle: {} -> {}", chain.join(" -> "), unit.program.source().name())
        } else if open.len() > limit {
            format!("include depth limit ({limit}) exceeded")
        } else {
            return Ok(unit);
        };
        cx.fail(ErrorKind::Include, message)
    }
}

/// Runs something for a template, which waits for it with its data.
fn inside<T>(cx: &mut Cx<'_>, source: &Rc<Source>, data: &Value, run: impl FnOnce(&mut Cx<'_>) -> R<T>) -> R<T> {
    cx.state::<Page>().open.push((source.clone(), data.clone()));
    let result = run(cx);
    cx.state::<Page>().open.pop();
    result
}

/// A template's data with `more` on top.
fn merged(cx: &mut Cx<'_>, data: &Value, more: &Value) -> R<Value> {
    let Value::Object(more) = more else { return Ok(data.clone()) };
    let given = if let Value::Object(data) = data { data.entries() } else { Vec::new() };
    let more = more.entries();
    cx.steps((given.len() + more.len()) / 8)?;
    let merged: Object = given.into_iter().collect();
    for (key, value) in more {
        if !matches!(key.as_str(), "__proto__" | "constructor") {
            merged.set(key, value);
        }
    }
    Ok(cx.own(merged).into())
}
