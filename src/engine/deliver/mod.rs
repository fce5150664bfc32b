//! Recipes and the steps that make them: plan (pure), work (in a worker), publish (whole or not at all).

mod recipe;
mod step;

pub use recipe::{Recipe, SidecarFormat, SidecarRecipe};
pub use step::{
    JOB_SCHEMA, JobFile, JobInput, MadeOutput, PlannedOutput, RESULT_SCHEMA, StepKind, StepOutcome, StepResult,
};
