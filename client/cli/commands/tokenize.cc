#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/commands/file_commands.h"
#include "client/cli/input.h"
#include "client/cli/json_lines.h"
#include "client/cli/tokenizer_comparison.h"
#include "model/bundle/model_bundle.h"
#include "model/cleaning/cleaning_tokenizer.h"
#include "model/hub/model_folder.h"
#include "model/text/built_in_tokenizer.h"

namespace guichet {
namespace {

struct TokenizeOptions {
  InputOptions input;
  std::string model;
  std::vector<std::string> compared;  // none, or two models
  std::string truncation = "longest_first";
  int max_length = 0;
  bool pair = false;
  bool no_special_tokens = false;
  bool split_special_tokens = false;
  bool quiet = false;
};

EncodeOptions ToEncodeOptions(const TokenizeOptions& options) {
  EncodeOptions encode;
  encode.add_special_tokens = !options.no_special_tokens;
  encode.parse_special_tokens = !options.split_special_tokens;
  if (options.max_length > 0) encode.max_length = options.max_length;
  if (options.truncation == "only_first") encode.truncation = TruncationStrategy::kOnlyFirst;
  if (options.truncation == "only_second") encode.truncation = TruncationStrategy::kOnlySecond;
  return encode;
}

absl::Status Write(const std::vector<std::string>& pieces, const Encoding& encoding) {
  return WriteJsonLine(
      {{"pieces", pieces}, {"ids", encoding.ids}, {"truncated", encoding.truncated}});
}

absl::Status TokenizeOne(const Tokenizer& tokenizer, const std::string& text,
                         const EncodeOptions& encode) {
  GUICHET_ASSIGN_OR_RETURN(const Encoding encoding, tokenizer.Encode(text, encode));
  GUICHET_ASSIGN_OR_RETURN(std::vector<std::string> pieces,
                           tokenizer.Pieces(text, encode.parse_special_tokens));
  const std::size_t special = encode.add_special_tokens ? 2 : 0;
  if (encoding.truncated) pieces.resize(encoding.ids.size() - special);
  return Write(pieces, encoding);
}

// The pieces of a pair: those of both texts, or what truncation left of them by the vocabulary's
// names.
absl::StatusOr<std::vector<std::string>> PairPieces(const Tokenizer& tokenizer,
                                                    const std::string& first,
                                                    const std::string& second,
                                                    const EncodeOptions& encode,
                                                    const Encoding& encoding) {
  std::vector<std::string> pieces;
  if (!encoding.truncated) {
    GUICHET_ASSIGN_OR_RETURN(pieces, tokenizer.Pieces(first, encode.parse_special_tokens));
    GUICHET_ASSIGN_OR_RETURN(const std::vector<std::string> others,
                             tokenizer.Pieces(second, encode.parse_special_tokens));
    pieces.insert(pieces.end(), others.begin(), others.end());
    return pieces;
  }
  const SpecialTokenIds& special = tokenizer.special_ids();
  for (const TokenId id : encoding.ids) {
    if (id == special.begin || id == special.end) continue;
    GUICHET_ASSIGN_OR_RETURN(std::string piece, tokenizer.IdToPiece(id));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

absl::Status TokenizePair(const Tokenizer& tokenizer, const std::string& line,
                          const EncodeOptions& encode) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string::npos) {
    return absl::InvalidArgumentError("no tab; with --pair a line is first<TAB>second");
  }
  const std::string first = line.substr(0, tab);
  const std::string second = line.substr(tab + 1);
  GUICHET_ASSIGN_OR_RETURN(const Encoding encoding, tokenizer.EncodePair(first, second, encode));
  GUICHET_ASSIGN_OR_RETURN(const std::vector<std::string> pieces,
                           PairPieces(tokenizer, first, second, encode, encoding));
  return Write(pieces, encoding);
}

// Lines are taken as they are, so that every line has its object, empty ones too.
bool IsPlainText(const InputOptions& input) {
  if (!input.form.format.empty()) return input.form.format == "text";
  return input.file == "-" || GuessTicketFormat(input.file) == TicketFormat::kText;
}

// A folder, a pulled model's name, or a built-in name.
absl::StatusOr<std::shared_ptr<const Tokenizer>> OpenNamed(const std::string& model) {
  GUICHET_ASSIGN_OR_RETURN(const ModelFolder folder, ResolveModelFolder(model));
  return OpenTokenizer(folder.path.string());
}

// Calls `each` with every text of the input, in order.
absl::Status ForEachText(const InputOptions& input,
                         const std::function<absl::Status(const std::string&)>& each) {
  if (IsPlainText(input)) {
    return ForEachLine(input.file, [&](const std::string& line, int) { return each(line); });
  }
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/true));
  while (true) {
    GUICHET_ASSIGN_OR_RETURN(const std::optional<Ticket> ticket, reader->Next());
    if (!ticket) return absl::OkStatus();
    GUICHET_RETURN_IF_ERROR(each(ticket->Text()));
  }
}

// A bundle's tokenizer cleans as its manifest says, so that the ids are those of `guichet predict`.
absl::StatusOr<std::shared_ptr<const Tokenizer>> OpenModel(const std::string& model) {
  TextCleaningOptions cleaning;
  if (const auto text = ReadBundleManifestText(model); text.ok()) {
    GUICHET_ASSIGN_OR_RETURN(const BundleManifest manifest, ParseBundleManifest(*text));
    cleaning = manifest.text_cleaning;
  }
  GUICHET_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> tokenizer, OpenNamed(model));
  return WithCleaning(std::move(tokenizer), cleaning);
}

absl::Status Tokenize(const TokenizeOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(const auto tokenizer, OpenModel(options.model));
  const EncodeOptions encode = ToEncodeOptions(options);
  if (options.pair) {
    return ForEachLine(options.input.file, [&](const std::string& line, int) {
      return TokenizePair(*tokenizer, line, encode);
    });
  }
  return ForEachText(options.input, [&](const std::string& text) {
    return TokenizeOne(*tokenizer, text, encode);
  });
}

// Texts are not cut: how many are too long is part of the comparison.
absl::Status Compare(const TokenizeOptions& options) {
  constexpr int kBarthezLimit = 1024;
  GUICHET_ASSIGN_OR_RETURN(const auto first, OpenModel(options.compared[0]));
  GUICHET_ASSIGN_OR_RETURN(const auto second, OpenModel(options.compared[1]));
  TokenizerComparison comparison({options.compared[0], first}, {options.compared[1], second},
                                 options.max_length > 0 ? options.max_length : kBarthezLimit);
  EncodeOptions encode = ToEncodeOptions(options);
  encode.max_length.reset();
  GUICHET_RETURN_IF_ERROR(ForEachText(options.input, [&](const std::string& text) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(const OrderedJson line, comparison.Add(text, encode));
    return WriteJsonLine(line);
  }));
  GUICHET_RETURN_IF_ERROR(FlushJsonLines());
  if (!options.quiet) std::fputs(comparison.Table().c_str(), stderr);
  return absl::OkStatus();
}

struct DetokenizeOptions {
  std::string model;
  std::string file;
  bool keep_special_tokens = false;
  bool no_clean_up = false;
};

absl::Status DetokenizeLine(const Tokenizer& tokenizer, const std::string& line,
                            const DecodeOptions& decode) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return absl::OkStatus();
  const OrderedJson parsed = OrderedJson::parse(line, nullptr, /*allow_exceptions=*/false);
  std::vector<TokenId> ids;
  if (!parsed.is_array()) return absl::InvalidArgumentError("not a JSON array of token ids");
  for (const auto& id : parsed) {
    if (!id.is_number_integer()) return absl::InvalidArgumentError("a token id is not an integer");
    const auto value = id.get<std::int64_t>();
    if (value < 0 || value >= tokenizer.vocabulary_size()) {
      return absl::InvalidArgumentError("token id " + std::to_string(value) +
                                        " is outside the vocabulary (0 to " +
                                        std::to_string(tokenizer.vocabulary_size() - 1) + ")");
    }
    ids.push_back(static_cast<TokenId>(value));
  }
  GUICHET_ASSIGN_OR_RETURN(const std::string text, tokenizer.Decode(ids, decode));
  return WriteJsonLine({{"text", text}});
}

absl::Status Detokenize(const DetokenizeOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(const auto tokenizer, OpenNamed(options.model));
  const DecodeOptions decode{.skip_special_tokens = !options.keep_special_tokens,
                             .clean_up_spaces = !options.no_clean_up};
  return ForEachLine(options.file, [&](const std::string& line, int) {
    return DetokenizeLine(*tokenizer, line, decode);
  });
}

constexpr const char* kModelHelp =
    "a Hugging Face folder or bundle with a tokenizer, the name of a pulled model, or one of the "
    "built-in names barthez and guichet-mini";

}  // namespace

void AddTokenizeCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<TokenizeOptions>();
  CLI::App* command =
      app.add_subcommand("tokenize", "text to pieces and token ids, a JSON line each");
  AddInputOptions(*command, options->input);
  CLI::Option* model = command->add_option("--model", options->model, kModelHelp)->type_name("DIR");
  command
      ->add_option("--compare", options->compared,
                   "two models in place of --model: a line shows what each makes of the text, a "
                   "table on stderr what that costs; --max-length is then the limit that texts "
                   "are held against (default: 1024), and cuts nothing")
      ->expected(2)
      ->type_name("A B")
      ->excludes(model);
  command
      ->add_option("--max-length", options->max_length,
                   "longest result in tokens, special tokens included (default: no truncation)")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--truncation", options->truncation, "which text of a pair is cut")
      ->check(CLI::IsMember({"longest_first", "only_first", "only_second"}))
      ->capture_default_str();
  command->add_flag("--pair", options->pair, "each line is first<TAB>second");
  command->add_flag("--no-special-tokens", options->no_special_tokens, "leave out <s> and </s>");
  command->add_flag("--split-special-tokens", options->split_special_tokens,
                    "take <s>, </s>, <mask>… found in the text as ordinary text");
  command->callback([&context, options] {
    if (options->model.empty() && options->compared.empty()) {
      throw CLI::RequiredError("one of --model and --compare");
    }
    if (options->pair && !options->compared.empty()) {
      throw CLI::ExcludesError("--pair", "--compare");
    }
    options->quiet = context.quiet;
    context.run = [options] {
      const absl::Status status =
          options->compared.empty() ? Tokenize(*options) : Compare(*options);
      return status.ok() ? int{kExitOk} : Fail(status);
    };
  });
}

void AddDetokenizeCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<DetokenizeOptions>();
  CLI::App* command =
      app.add_subcommand("detokenize", "JSON arrays of token ids, one a line, to text");
  command->add_option("file", options->file, "the input; - is stdin")
      ->required()
      ->type_name("FILE");
  command->add_option("--model", options->model, kModelHelp)->required()->type_name("DIR");
  command->add_flag("--keep-special-tokens", options->keep_special_tokens,
                    "show <s>, </s> and the like");
  command->add_flag("--no-clean-up", options->no_clean_up,
                    "keep the spaces before signs that Hugging Face's clean-up removes");
  command->callback([&context, options] {
    context.run = [options] {
      const absl::Status status = Detokenize(*options);
      return status.ok() ? int{kExitOk} : Fail(status);
    };
  });
}

}  // namespace guichet
