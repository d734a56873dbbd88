#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/event_kind.h"

namespace upstream {

/// How a member is written in the payload.
enum class MemberForm : std::uint8_t { Hash, PublicKey, Number };

/// The part of base::Event that a member goes to.
enum class EventPart : std::uint8_t { KeyFirst, KeySecond, Height, Era, BlockHash, Account };

struct Member {
    std::string_view path;  ///< below the kind's value, components joined by '.'
    MemberForm form;
    EventPart part;
};

struct KeyMembers {
    base::KeyShape shape;
    std::span<const Member> members;
};

struct FieldMembers {
    base::Kind kind;
    std::span<const Member> members;
};

namespace members {

inline constexpr std::array kBlockHash{Member{"block_hash", MemberForm::Hash, EventPart::KeyFirst}};
inline constexpr std::array kDeployHash{Member{"deploy_hash", MemberForm::Hash, EventPart::KeyFirst}};
inline constexpr std::array kHash{Member{"hash", MemberForm::Hash, EventPart::KeyFirst}};
inline constexpr std::array kEraPublicKey{Member{"era_id", MemberForm::Number, EventPart::KeyFirst},
                                          Member{"public_key", MemberForm::PublicKey, EventPart::KeySecond}};
inline constexpr std::array kBlockPublicKey{
    Member{"block_hash", MemberForm::Hash, EventPart::KeyFirst},
    Member{"public_key", MemberForm::PublicKey, EventPart::KeySecond}};
inline constexpr std::array kEra{Member{"era_id", MemberForm::Number, EventPart::KeyFirst}};

inline constexpr std::array kOfBlockAdded{
    Member{"block_hash", MemberForm::Hash, EventPart::BlockHash},
    Member{"block.header.height", MemberForm::Number, EventPart::Height},
    Member{"block.header.era_id", MemberForm::Number, EventPart::Era}};
inline constexpr std::array kOfDeployAccepted{
    Member{"header.account", MemberForm::PublicKey, EventPart::Account}};
inline constexpr std::array kOfDeployProcessed{Member{"block_hash", MemberForm::Hash, EventPart::BlockHash},
                                               Member{"account", MemberForm::PublicKey, EventPart::Account}};
inline constexpr std::array kOfFinalitySignature{Member{"block_hash", MemberForm::Hash, EventPart::BlockHash},
                                                 Member{"era_id", MemberForm::Number, EventPart::Era}};
inline constexpr std::array kEraOnly{Member{"era_id", MemberForm::Number, EventPart::Era}};

}  // namespace members

/// The members that make each natural key; a shape that is not listed takes none from the payload.
inline constexpr std::array kKeyMembers{
    KeyMembers{base::KeyShape::BlockHash, members::kBlockHash},
    KeyMembers{base::KeyShape::DeployHash, members::kDeployHash},
    KeyMembers{base::KeyShape::Hash, members::kHash},
    KeyMembers{base::KeyShape::EraPublicKey, members::kEraPublicKey},
    KeyMembers{base::KeyShape::BlockPublicKey, members::kBlockPublicKey},
    KeyMembers{base::KeyShape::Era, members::kEra},
};

/// What else later queries need of each kind; a kind that is not listed has nothing.
inline constexpr std::array kFieldMembers{
    FieldMembers{base::Kind::BlockAdded, members::kOfBlockAdded},
    FieldMembers{base::Kind::DeployAccepted, members::kOfDeployAccepted},
    FieldMembers{base::Kind::DeployProcessed, members::kOfDeployProcessed},
    FieldMembers{base::Kind::Fault, members::kEraOnly},
    FieldMembers{base::Kind::FinalitySignature, members::kOfFinalitySignature},
    FieldMembers{base::Kind::Step, members::kEraOnly},
};

[[nodiscard]] constexpr std::span<const Member> key_members(base::KeyShape shape) {
    for (const auto& row : kKeyMembers) {
        if (row.shape == shape) return row.members;
    }
    return {};
}

[[nodiscard]] constexpr std::span<const Member> field_members(base::Kind kind) {
    for (const auto& row : kFieldMembers) {
        if (row.kind == kind) return row.members;
    }
    return {};
}

}  // namespace upstream
