//! Recipes and the steps that make them: plan (pure), work (in a worker), publish (whole or not at all).

mod account;
mod frames;
mod names;
mod pass;
mod picture;
mod place;
mod plan;
mod plan_picture;
mod publish;
mod publish_folder;
mod recipe;
mod seal;
mod step;
mod work;
mod workspace;

pub use account::{ACCOUNT_SCHEMA, Account, ColorAccount, FrameCounts, PassStats, Rendered, SourceAccount, StagedFile};
pub use frames::{frame_numbers, frames_within};
pub use names::{OutputPattern, stand_in};
pub use pass::{ACCOUNT_ATTRIBUTE, Prepared, needed_frames, prepare};
pub use picture::{
    CdlGrade, ContactSheetRecipe, ExrBlocks, LutFile, PlateFormat, PlateRecipe, ProxyRecipe, StillFormat, StillFrame,
    StillRecipe, Treatment,
};
pub use plan::{NAME_ROOM, Naming, plan, version_name};
pub use publish::{Claim, publish};
pub use recipe::{Recipe, SidecarFormat, SidecarRecipe};
pub use step::{
    Companion, JOB_SCHEMA, JobFile, JobInput, MadeOutput, Part, PlannedOutput, RESULT_SCHEMA, StepKind, StepOutcome,
    StepResult,
};
pub use work::{OpenInput, open_beside, open_inputs, work};
pub use workspace::{Stage, Workspace};
