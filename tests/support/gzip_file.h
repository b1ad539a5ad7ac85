#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include <zlib.h>

namespace guichet {

// The unpacked contents of a gzip file of test data. Throws std::runtime_error when it cannot be
// read to its end.
inline std::string ReadGzip(const std::filesystem::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string contents;
  std::string block(1 << 16, '\0');
  int count = 0;
  while ((count = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()))) > 0) {
    contents.append(block, 0, static_cast<std::size_t>(count));
  }
  if (count < 0) throw std::runtime_error("not a whole gzip file: " + path.string());
  return contents;
}

// Writes the unpacked contents of `from` to the file `to`.
inline void UnpackGzip(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::ofstream out(to, std::ios::binary);
  out << ReadGzip(from);
  if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
}

}  // namespace guichet
