#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "client/cli/command.h"
#include "client/cli/model_options.h"

namespace guichet {

// The commands that run a model: predict, evaluate, generate, train, pretrain. Their options are
// defined here for two programs: `guichet`, which hands them over, and `guichet-model`, which does
// them. So `guichet health` never pays for loading libtorch.

// Who does the work; each returns an ExitCode.
struct ModelWork {
  std::function<int(const PredictOptions&)> predict;
  std::function<int(const EvaluateOptions&)> evaluate;
  std::function<int(const GenerateOptions&)> generate;
  std::function<int(const TrainOptions&)> train;
  std::function<int(const PretrainOptions&)> pretrain;
};

void AddModelCommands(CLI::App& app, CommandContext& context, const ModelWork& work);

// Its parts: generate and pretrain alone, and the options of where a model runs.
void AddGenerateCommand(CLI::App& app, CommandContext& context, const ModelWork& work);
void AddPretrainCommand(CLI::App& app, CommandContext& context, const ModelWork& work);
CLI::Validator DeviceName();
void AddDeviceOptions(CLI::App& command, DeviceOptions& options, int& threads);
// --plan, and --print-default-plan, which prints `default_plan` and ends.
void AddPlanOption(CLI::App& command, std::string& plan,
                   const std::function<std::string()>& default_plan);

int Predict(const PredictOptions& options);
int Evaluate(const EvaluateOptions& options);
int GenerateTexts(const GenerateOptions& options);
int TrainBundle(const TrainOptions& options);
int PretrainModel(const PretrainOptions& options);

}  // namespace guichet
