/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_XSNET_H
#define XSNET_XSNET_H

/*
 * The whole of the public API. A call says where NULL may be given to it: an object that it works on, and what a ret_
 * points at, may not be, but ret_err always. A text or host name that is not there is an error, -EINVAL.
 */
#include <xsnet/context.h>
#include <xsnet/document.h>
#include <xsnet/engine.h>
#include <xsnet/error.h>
#include <xsnet/fake.h>
#include <xsnet/kind.h>
#include <xsnet/macros.h>
#include <xsnet/object.h>
#include <xsnet/plan.h>
#include <xsnet/report.h>
#include <xsnet/state.h>
#include <xsnet/task.h>
#include <xsnet/version.h>
#include <xsnet/watch.h>

#endif
