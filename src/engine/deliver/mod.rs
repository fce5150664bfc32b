//! Recipes and the steps that make them: plan (pure), work (in a worker), publish (whole or not at all).

mod place;
mod plan;
mod publish;
mod recipe;
mod step;
mod work;
mod workspace;

pub use plan::{NAME_ROOM, plan, version_name};
pub use publish::publish;
pub use recipe::{Recipe, SidecarFormat, SidecarRecipe};
pub use step::{
    JOB_SCHEMA, JobFile, JobInput, MadeOutput, PlannedOutput, RESULT_SCHEMA, StepKind, StepOutcome, StepResult,
};
pub use work::{OpenInput, open_inputs, work};
pub use workspace::{Stage, Workspace};
