import { type ExecutionContext, SetMetadata } from '@nestjs/common';

const ALLOW_ANONYMOUS = 'nestjs-http-session:allow-anonymous';

/** Lets requests without a session pass `SessionGuard`: for the login page, when the guard is an `APP_GUARD`. */
export function AllowAnonymous(): ClassDecorator & MethodDecorator {
  return SetMetadata(ALLOW_ANONYMOUS, true);
}

export function allowsAnonymous(context: ExecutionContext): boolean {
  return [context.getHandler(), context.getClass()].some(
    (target) => Reflect.getMetadata(ALLOW_ANONYMOUS, target) === true,
  );
}
