//! The part of JavaScript that templates use: tokens, syntax tree, scopes, parser.
//!
//! The language is ECMA-262's, in sloppy mode as EJS runs it, without: classes, generators, `async`, `import`, `with`,
//! getters and setters, tagged templates, `BigInt`, `eval`, and constructors other than errors, `Array`, `Object`,
//! and `RegExp`. What is left out is a compile error that names it.

pub(crate) mod ast;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod scope;
